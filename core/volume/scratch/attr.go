package scratch

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// GetAttr says what a file is.
func (v *Volume) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.inodes[in.NodeId]
	if n == nil {
		return stale
	}
	n.attr(&out.Attr)
	out.SetTimeout(valid)
	return fuse.OK
}

// SetAttr changes length, mode, owner or times. The kernel has checked whether its caller may.
func (v *Volume) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.inodes[in.NodeId]
	switch {
	case n == nil || n.gone && !n.isDir():
		return stale
	case v.frozen.Load():
		return readOnly
	}
	if err := n.set(in); err != nil {
		return fuse.Status(errno(err))
	}
	n.attr(&out.Attr)
	out.SetTimeout(valid)
	return fuse.OK
}

func (n *inode) set(in *fuse.SetAttrIn) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if size, ok := in.GetSize(); ok {
		if n.mode&syscall.S_IFMT != syscall.S_IFREG {
			return syscall.EINVAL
		}
		if size > uint64(maxSize) {
			return syscall.EFBIG
		}
		if err := n.content.truncate(int64(size)); err != nil {
			return err
		}
		n.mtime = now
	}
	if mode, ok := in.GetMode(); ok {
		n.mode = n.mode&syscall.S_IFMT | mode
	}
	if uid, ok := in.GetUID(); ok {
		n.uid = uid
	}
	if gid, ok := in.GetGID(); ok {
		n.gid = gid
	}
	if t, ok := in.GetATime(); ok {
		n.atime = t
	}
	if t, ok := in.GetMTime(); ok {
		n.mtime = t
	}
	n.ctime = now
	return nil
}

// StatFs says how full the volume is.
func (v *Volume) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	out.Bsize, out.Frsize, out.NameLen = pageSize, pageSize, maxName
	out.Blocks, out.Bfree = uint64(v.maxPages), uint64(max(v.free(), 0))
	out.Bavail = out.Bfree
	out.Files, out.Ffree = uint64(v.maxUnits), uint64(v.maxUnits-v.units)
	return fuse.OK
}
