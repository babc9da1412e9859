package scratch

import (
	"github.com/hanwen/go-fuse/v2/fuse"
)

// OpenDir opens a folder. There is nothing to keep: a listing says where it is.
func (v *Volume) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, _ *fuse.OpenOut) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := v.inodes[in.NodeId]; n == nil || !n.isDir() {
		return stale
	}
	return fuse.OK
}

// ReadDir lists a folder.
func (v *Volume) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return v.list(in, func(e fuse.DirEntry, _ *inode) bool { return out.AddDirEntry(e) })
}

// ReadDirPlus lists a folder and says what each file is.
func (v *Volume) ReadDirPlus(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return v.list(in, func(e fuse.DirEntry, n *inode) bool {
		o := out.AddDirLookupEntry(e)
		if o != nil && n != nil {
			v.reply(n, o)
		}
		return o != nil
	})
}

// Places in a listing: the folder itself, its parent, and then its entries by their seq.
const (
	placeSelf = 1 + iota
	placeParent
)

func (v *Volume) list(in *fuse.ReadIn, add func(e fuse.DirEntry, n *inode) bool) fuse.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.inodes[in.NodeId]
	if p == nil || !p.isDir() {
		return stale
	}
	up := p
	if p.parent != nil {
		up = p.parent
	}
	off := in.Offset
	if off < placeSelf && !add(fuse.DirEntry{Name: ".", Ino: p.id, Mode: p.kind(), Off: placeSelf}, nil) {
		return fuse.OK
	}
	if off < placeParent && !add(fuse.DirEntry{Name: "..", Ino: up.id, Mode: up.kind(), Off: placeParent}, nil) {
		return fuse.OK
	}
	for _, e := range p.dir.from(max(off, placeParent) - placeParent) {
		if e.node != nil && !add(fuse.DirEntry{Name: e.name, Ino: e.node.id, Mode: e.node.kind(), Off: e.seq + placeParent}, e.node) {
			break
		}
	}
	return fuse.OK
}
