package volume

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Modes of all files and folders: the application's user alone may read, nobody may
// write. Plugins run under other users in the same mount namespace.
const (
	fileMode   = syscall.S_IFREG | 0o400
	folderMode = syscall.S_IFDIR | 0o500
	blockSize  = 64 << 10 // what a reader should ask for at a time
)

type folderNode struct {
	fs.Inode
	m *Mounted
	d folder
}

type fileNode struct {
	fs.Inode
	m *Mounted
	f file
}

// handle is one open file.
type handle struct {
	node  *fileNode
	ahead ahead
}

var (
	_ = (fs.NodeLookuper)((*folderNode)(nil))
	_ = (fs.NodeReaddirer)((*folderNode)(nil))
	_ = (fs.NodeGetattrer)((*folderNode)(nil))
	_ = (fs.NodeStatfser)((*folderNode)(nil))
	_ = (fs.FileSeekdirer)((*stream)(nil))
	_ = (fs.NodeGetattrer)((*fileNode)(nil))
	_ = (fs.NodeOpener)((*fileNode)(nil))
	_ = (fs.NodeOnForgetter)((*fileNode)(nil))
	_ = (fs.FileReader)((*handle)(nil))
	_ = (fs.FileReleaser)((*handle)(nil))
)

func (n *folderNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.m.folderAttr(&out.Attr)
	return 0
}

func (n *folderNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	c, ok := n.d.lookup(name)
	if !ok {
		return nil, syscall.ENOENT
	}
	if c.file < 0 {
		n.m.folderAttr(&out.Attr)
		return n.NewInode(ctx, &folderNode{m: n.m, d: c.sub}, fs.StableAttr{Mode: syscall.S_IFDIR, Ino: c.ino()}), 0
	}
	n.m.fileAttr(c.file, &out.Attr)
	return n.NewInode(ctx, &fileNode{m: n.m, f: file{index: c.file}}, fs.StableAttr{Mode: syscall.S_IFREG, Ino: c.ino()}), 0
}

func (n *folderNode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	return &stream{d: n.d, next: n.d.lo}, 0
}

func (n *folderNode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = blockSize, 4096, 255
	out.Blocks, out.Files = uint64(n.m.size/4096), uint64(len(n.m.view.manifest.Entries))
	return 0
}

// stream lists a folder. The offset of a child is how many of the folder's entries
// come before the next one, so that a reader may go back to it.
type stream struct {
	d    folder
	next int
}

func (s *stream) HasNext() bool { return s.next < s.d.hi }
func (s *stream) Close()        {}

func (s *stream) Next() (fuse.DirEntry, syscall.Errno) {
	c, after := s.d.at(s.next)
	s.next = after
	mode := uint32(syscall.S_IFREG)
	if c.file < 0 {
		mode = syscall.S_IFDIR
	}
	return fuse.DirEntry{Name: c.name, Mode: mode, Ino: c.ino(), Off: uint64(after - s.d.lo)}, 0
}

func (s *stream) Seekdir(_ context.Context, off uint64) syscall.Errno {
	if off > uint64(s.d.hi-s.d.lo) {
		return syscall.EINVAL
	}
	s.next = s.d.lo + int(off)
	return 0
}

func (n *fileNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.m.fileAttr(n.f.index, &out.Attr)
	return 0
}

func (n *fileNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return nil, 0, syscall.EROFS
	}
	if errno := n.m.openFile(ctx, n); errno != 0 {
		return nil, 0, errno
	}
	// The content never changes, so the kernel keeps what it has read.
	return &handle{node: n}, fuse.FOPEN_KEEP_CACHE, 0
}

// OnForget comes when the kernel keeps nothing of the file any more.
func (n *fileNode) OnForget() {
	n.m.openMu.Lock()
	defer n.m.openMu.Unlock()
	if n.m.opened[n.f.index] == n {
		delete(n.m.opened, n.f.index)
	}
}

func (h *handle) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return h.node.m.readFile(ctx, h, dest, off)
}

func (h *handle) Release(context.Context) syscall.Errno {
	h.node.f.close()
	return 0
}

func (m *Mounted) folderAttr(a *fuse.Attr) {
	a.Mode, a.Nlink, a.Blksize = folderMode, 2, blockSize
	a.Owner = fuse.Owner{Uid: m.uid, Gid: m.gid}
}

func (m *Mounted) fileAttr(index int, a *fuse.Attr) {
	size := uint64(m.view.manifest.Entries[index].Size)
	a.Mode, a.Nlink, a.Blksize, a.Size, a.Blocks = fileMode, 1, blockSize, size, (size+511)/512
	a.Owner = fuse.Owner{Uid: m.uid, Gid: m.gid}
}
