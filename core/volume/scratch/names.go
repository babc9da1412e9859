package scratch

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// The kernel makes every change itself, so what it was told stays true until it
// asks for another: it forgets what a call of its own makes untrue.
const valid = time.Hour

// Answers of more than one place.
const (
	stale    = fuse.Status(syscall.ESTALE)
	noEntry  = fuse.Status(syscall.ENOENT)
	readOnly = fuse.Status(syscall.EROFS)
)

// reply tells the kernel of n, which it may then name until it forgets it. It needs the volume's lock.
func (v *Volume) reply(n *inode, out *fuse.EntryOut) fuse.Status {
	n.lookups++
	out.NodeId, out.Generation = n.id, 1
	out.SetEntryTimeout(valid)
	out.SetAttrTimeout(valid)
	n.attr(&out.Attr)
	return fuse.OK
}

// folder returns a folder that is there. It needs the volume's lock.
func (v *Volume) folder(id uint64) (*inode, fuse.Status) {
	switch p := v.inodes[id]; {
	case p == nil:
		return nil, stale
	case !p.isDir():
		return nil, fuse.ENOTDIR
	case p.gone:
		return nil, noEntry
	default:
		return p, fuse.OK
	}
}

// changing is folder for a call that changes it: EROFS once the volume is frozen.
func (v *Volume) changing(id uint64) (*inode, fuse.Status) {
	if v.frozen.Load() {
		return nil, readOnly
	}
	return v.folder(id)
}

// Lookup finds a name.
func (v *Volume) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, status := v.folder(h.NodeId)
	if !status.Ok() {
		return status
	}
	if len(name) > maxName {
		return fuse.Status(syscall.ENAMETOOLONG)
	}
	if n := p.dir.find(name); n != nil {
		return v.reply(n, out)
	}
	out.SetEntryTimeout(valid) // that there is none
	return fuse.OK
}

// Forget takes back what reply told n times.
func (v *Volume) Forget(id, n uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i := v.inodes[id]; i != nil {
		i.lookups -= min(n, i.lookups)
		v.reap(i)
	}
}

// create makes an inode with a name. It needs the volume's lock.
func (v *Volume) create(h *fuse.InHeader, name string, mode uint32) (*inode, fuse.Status) {
	p, status := v.changing(h.NodeId)
	if !status.Ok() {
		return nil, status
	}
	n, e := v.add(h, p, name, mode)
	return n, fuse.Status(e)
}

// Mknod makes a regular file: EPERM for anything else, which could not be sealed.
func (v *Volume) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	if in.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return fuse.EPERM
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	n, status := v.create(&in.InHeader, name, in.Mode)
	if !status.Ok() {
		return status
	}
	return v.reply(n, out)
}

// Mkdir makes a folder.
func (v *Volume) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	n, status := v.create(&in.InHeader, name, syscall.S_IFDIR|in.Mode&0o7777)
	if !status.Ok() {
		return status
	}
	return v.reply(n, out)
}

// Symlink makes a symbolic link, which takes a page. The kernel follows it in the
// application's own view; a volume that still holds one cannot be sealed.
func (v *Volume) Symlink(_ <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.charge(1) {
		return fuse.Status(syscall.ENOSPC)
	}
	n, status := v.create(h, name, syscall.S_IFLNK|0o777)
	if !status.Ok() {
		v.refund(1)
		return status
	}
	n.target = string(append([]byte(nil), target...)) // a request's memory is used again
	return v.reply(n, out)
}

// Readlink returns where a symbolic link points to.
func (v *Volume) Readlink(_ <-chan struct{}, h *fuse.InHeader) ([]byte, fuse.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.inodes[h.NodeId]
	if n == nil || n.target == "" {
		return nil, fuse.EINVAL
	}
	return []byte(n.target), fuse.OK
}

// Link gives a file a further name.
func (v *Volume) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, status := v.changing(in.NodeId)
	if !status.Ok() {
		return status
	}
	n := v.inodes[in.Oldnodeid]
	switch {
	case n == nil || n.gone:
		return noEntry
	case n.isDir():
		return fuse.EPERM
	case len(name) > maxName:
		return fuse.Status(syscall.ENAMETOOLONG)
	case p.dir.find(name) != nil:
		return fuse.Status(syscall.EEXIST)
	case n.links > 0 && v.units >= v.maxUnits:
		return fuse.Status(syscall.ENOSPC)
	}
	if n.links > 0 {
		v.units++
	}
	now := time.Now()
	p.put(name, n)
	p.touch(now)
	n.changed(now)
	return v.reply(n, out)
}

// Unlink removes a name of a file.
func (v *Volume) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return v.removeName(h, name, false)
}

// Rmdir removes an empty folder.
func (v *Volume) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return v.removeName(h, name, true)
}

func (v *Volume) removeName(h *fuse.InHeader, name string, dir bool) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, status := v.changing(h.NodeId)
	if !status.Ok() {
		return status
	}
	n := p.dir.find(name)
	if n == nil {
		return noEntry
	}
	if e := replaceable(n, dir); e != 0 {
		return fuse.Status(e)
	}
	now := time.Now()
	v.unlink(p, name, now)
	p.touch(now)
	return fuse.OK
}

// replaceable says why n cannot make place for a folder, or for something else.
func replaceable(n *inode, dir bool) syscall.Errno {
	switch {
	case dir && !n.isDir():
		return syscall.ENOTDIR
	case !dir && n.isDir():
		return syscall.EISDIR
	case dir && len(n.dir.byName) > 0:
		return syscall.ENOTEMPTY
	}
	return 0
}

// unlink removes a name for good.
func (v *Volume) unlink(p *inode, name string, now time.Time) {
	n := p.take(name)
	if !n.isDir() && n.links > 0 {
		v.units-- // of the further name
	}
	n.changed(now)
	v.reap(n)
}

// Rename moves a name, by one step for all who look: it replaces, exchanges or, with
// RENAME_NOREPLACE, does neither.
func (v *Volume) Rename(_ <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, status := v.changing(in.NodeId)
	if !status.Ok() {
		return status
	}
	q, status := v.changing(in.Newdir)
	if !status.Ok() {
		return status
	}
	n, old := p.dir.find(from), q.dir.find(to)
	exchange := in.Flags == unix.RENAME_EXCHANGE
	switch {
	case in.Flags != 0 && in.Flags != unix.RENAME_NOREPLACE && !exchange:
		return fuse.EINVAL
	case n == nil || exchange && old == nil:
		return noEntry
	case len(to) > maxName:
		return fuse.Status(syscall.ENAMETOOLONG)
	case old != nil && in.Flags == unix.RENAME_NOREPLACE:
		return fuse.Status(syscall.EEXIST)
	case q.within(n) || exchange && p.within(old):
		return fuse.EINVAL
	case n == old: // two names of one file: nothing is done, says rename(2)
		return fuse.OK
	}
	now := time.Now()
	if old != nil && !exchange {
		if e := replaceable(old, n.isDir()); e != 0 {
			return fuse.Status(e)
		}
		v.unlink(q, to, now)
	}
	p.take(from)
	if exchange {
		q.take(to)
		p.put(from, old)
		old.changed(now)
	}
	q.put(to, n)
	n.changed(now)
	p.touch(now)
	q.touch(now)
	return fuse.OK
}
