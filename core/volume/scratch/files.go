package scratch

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// What an open file is to Release.
const (
	handleReader = 1 + iota
	handleWriter
)

// enter notes that a regular file is open. It needs the volume's lock.
func (v *Volume) enter(n *inode, flags uint32, out *fuse.OpenOut) fuse.Status {
	out.Fh, out.OpenFlags = handleReader, fuse.FOPEN_KEEP_CACHE
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		if v.frozen.Load() {
			return readOnly
		}
		out.Fh = handleWriter
		n.writers++
		if v.writers++; v.writers == 1 {
			v.noWriters = make(chan struct{})
		}
	}
	n.opens++
	return fuse.OK
}

// leave is the end of what enter noted.
func (v *Volume) leave(n *inode, fh uint64) {
	n.opens--
	if fh == handleWriter {
		n.writers--
		if v.writers--; v.writers == 0 {
			close(v.noWriters)
			v.noWriters = nil
		}
	}
	v.reap(n)
}

// Create makes a regular file and opens it.
func (v *Volume) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	n, status := v.create(&in.InHeader, name, syscall.S_IFREG|in.Mode&0o7777)
	if !status.Ok() {
		return status
	}
	v.enter(n, in.Flags, &out.OpenOut)
	return v.reply(n, &out.EntryOut)
}

// Tmpfile makes a regular file without a name and opens it.
func (v *Volume) Tmpfile(_ <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, status := v.changing(in.NodeId); !status.Ok() {
		return status
	}
	n, e := v.add(&in.InHeader, nil, "", syscall.S_IFREG|in.Mode&0o7777)
	if e != 0 {
		return fuse.Status(e)
	}
	v.enter(n, in.Flags, &out.OpenOut)
	return v.reply(n, &out.EntryOut)
}

// Open opens a regular file. What the kernel holds of it stays true.
func (v *Volume) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.inodes[in.NodeId]
	if n == nil || n.gone || n.isDir() {
		return stale
	}
	return v.enter(n, in.Flags, out)
}

// Release is the end of an open file.
func (v *Volume) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := v.inodes[in.NodeId]; n != nil {
		v.leave(n, in.Fh)
	}
}

func (v *Volume) inode(id uint64) *inode {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.inodes[id]
}

// Read fills p from an open file.
func (v *Volume) Read(_ <-chan struct{}, in *fuse.ReadIn, p []byte) (fuse.ReadResult, fuse.Status) {
	n := v.inode(in.NodeId)
	if n == nil {
		return nil, stale
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	m, err := n.content.readAt(p[:min(len(p), int(in.Size))], int64(in.Offset))
	if err != nil {
		return nil, fuse.Status(errno(err))
	}
	return fuse.ReadResultData(p[:m]), fuse.OK
}

// Write puts p into an open file: less than all of it where no more fits. What comes
// from a mapping (WRITE_CACHE) was promised to its writer already, who cannot be told
// otherwise any more: Freeze tells.
func (v *Volume) Write(_ <-chan struct{}, in *fuse.WriteIn, p []byte) (uint32, fuse.Status) {
	n := v.inode(in.NodeId)
	if n == nil {
		return 0, stale
	}
	if v.frozen.Load() {
		return 0, readOnly
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m, err := n.content.writeAt(p, int64(in.Offset))
	if m > 0 {
		n.mtime = time.Now()
		n.ctime = n.mtime
	}
	if err != nil && in.WriteFlags&fuse.WRITE_CACHE != 0 {
		v.lost.Store(true)
	} else if m > 0 {
		err = nil
	}
	return uint32(m), fuse.Status(errno(err))
}

// Fallocate reserves, zeroes, or makes a hole.
func (v *Volume) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	n := v.inode(in.NodeId)
	if n == nil {
		return stale
	}
	if v.frozen.Load() {
		return readOnly
	}
	if limit := uint64(maxSize); in.Offset > limit || in.Length > limit-in.Offset {
		return fuse.Status(syscall.EFBIG)
	}
	off, end := int64(in.Offset), int64(in.Offset+in.Length)
	keep := in.Mode&unix.FALLOC_FL_KEEP_SIZE != 0
	n.mu.Lock()
	defer n.mu.Unlock()
	var err error
	switch in.Mode &^ unix.FALLOC_FL_KEEP_SIZE {
	case 0:
		err = n.content.allocate(off, end, keep)
	case unix.FALLOC_FL_PUNCH_HOLE:
		err = n.content.zero(off, end)
	case unix.FALLOC_FL_ZERO_RANGE:
		if err = n.content.zero(off, end); err == nil {
			err = n.content.allocate(off, end, keep)
		}
	default:
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	n.mtime = time.Now()
	n.ctime = n.mtime
	return fuse.Status(errno(err))
}

// Lseek finds data or a hole. While somebody can write, the kernel may hold pages
// of a mapping that we have not seen, so all is called data then.
func (v *Volume) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	v.mu.Lock()
	n := v.inodes[in.NodeId]
	if n == nil {
		v.mu.Unlock()
		return stale
	}
	writable := n.writers > 0
	v.mu.Unlock()
	n.mu.RLock()
	defer n.mu.RUnlock()
	off, err := n.content.seek(int64(in.Offset), in.Whence, writable)
	out.Offset = uint64(off)
	return fuse.Status(errno(err))
}
