package scratch

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// maxName is the most bytes that a name has, as everywhere on Linux (NAME_MAX).
const maxName = 255

// inode is a file or folder. The fields up to mu are under the volume's lock, those after
// it under mu, which is taken after the volume's.
type inode struct {
	id      uint64
	links   int
	lookups uint64
	opens   int // of a regular file
	writers int // of them, those that may write
	gone    bool
	parent  *inode  // of a folder
	dir     *folder // of a folder
	target  string  // of a symbolic link

	mu           sync.RWMutex
	mode         uint32
	uid, gid     uint32
	atime, mtime time.Time
	ctime        time.Time
	content      content
}

func (n *inode) isDir() bool { return n.dir != nil }

// kind is the part of the mode that never changes.
func (n *inode) kind() uint32 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.mode & syscall.S_IFMT
}

func (n *inode) touch(now time.Time) {
	n.mu.Lock()
	n.mtime, n.ctime = now, now
	n.mu.Unlock()
}

func (n *inode) changed(now time.Time) {
	n.mu.Lock()
	n.ctime = now
	n.mu.Unlock()
}

// attr needs the volume's lock.
func (n *inode) attr(a *fuse.Attr) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	*a = fuse.Attr{Ino: n.id, Mode: n.mode, Nlink: uint32(n.links), Blksize: blockSize, Owner: fuse.Owner{Uid: n.uid, Gid: n.gid}}
	a.SetTimes(&n.atime, &n.mtime, &n.ctime)
	a.Size, a.Blocks = uint64(n.content.size), uint64(n.content.pages)*(pageSize/512)
	if n.target != "" {
		a.Size = uint64(len(n.target))
	}
}

// entry is a name in a folder; node is nil once it is removed.
type entry struct {
	name string
	node *inode
	seq  uint64 // place in the listing, never used again
}

// folder keeps its entries in the order of their making, so that a listing goes on
// where it was, whatever happens meanwhile.
type folder struct {
	byName map[string]*entry
	order  []*entry
	seq    uint64
	sub    int // folders in it
}

func (d *folder) find(name string) *inode {
	if e := d.byName[name]; e != nil {
		return e.node
	}
	return nil
}

// from returns the entries after place seq.
func (d *folder) from(seq uint64) []*entry {
	return d.order[sort.Search(len(d.order), func(i int) bool { return d.order[i].seq > seq }):]
}

// put gives n a name in folder p.
func (p *inode) put(name string, n *inode) {
	d := p.dir
	d.seq++
	e := &entry{strings.Clone(name), n, d.seq} // a request's memory is used again
	d.byName[e.name] = e
	d.order = append(d.order, e)
	if n.isDir() {
		n.parent = p
		d.sub++
		p.links = 2 + d.sub
	} else {
		n.links++
	}
}

// take removes a name.
func (p *inode) take(name string) *inode {
	d := p.dir
	e := d.byName[name]
	n := e.node
	delete(d.byName, name)
	e.node = nil
	if len(d.order) > 16+2*len(d.byName) {
		d.order = slices.DeleteFunc(d.order, func(e *entry) bool { return e.node == nil })
	}
	if n.isDir() {
		n.parent = nil
		d.sub--
		p.links = 2 + d.sub
	} else {
		n.links--
	}
	return n
}

// within says whether n is p or below it.
func (n *inode) within(p *inode) bool {
	for ; n != nil; n = n.parent {
		if n == p {
			return true
		}
	}
	return false
}

// add makes an inode with a name, or without one where p is nil.
func (v *Volume) add(h *fuse.InHeader, p *inode, name string, mode uint32) (*inode, syscall.Errno) {
	if p != nil {
		switch {
		case !p.isDir():
			return nil, syscall.ENOTDIR
		case p.gone:
			return nil, syscall.ENOENT
		case p.dir.find(name) != nil:
			return nil, syscall.EEXIST
		case len(name) > maxName:
			return nil, syscall.ENAMETOOLONG
		}
	}
	if v.units >= v.maxUnits {
		return nil, syscall.ENOSPC
	}
	v.units++
	v.lastID++
	now := time.Now()
	n := &inode{id: v.lastID, mode: mode, uid: h.Uid, gid: h.Gid, atime: now, mtime: now, ctime: now, content: content{v: v}}
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		n.dir, n.links = &folder{byName: map[string]*entry{}}, 2
	}
	v.inodes[n.id] = n
	if p != nil {
		p.mu.RLock()
		if p.mode&syscall.S_ISGID != 0 {
			n.gid = p.gid
			if n.isDir() {
				n.mode |= syscall.S_ISGID
			}
		}
		p.mu.RUnlock()
		p.put(name, n)
		p.touch(now)
	}
	return n, 0
}

// reap frees what nothing leads to any more.
func (v *Volume) reap(n *inode) {
	if !n.gone && (n.isDir() && n.parent == nil && n != v.root || !n.isDir() && n.links == 0 && n.opens == 0) {
		n.gone = true
		v.units--
		v.empty(n)
		if n.isDir() {
			n.links = 0
		}
	}
	if n.gone && n.lookups == 0 {
		delete(v.inodes, n.id)
	}
}

// empty frees what n holds.
func (v *Volume) empty(n *inode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.content.truncate(0)
	if n.target != "" {
		n.target = ""
		v.refund(1)
	}
}
