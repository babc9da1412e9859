package volume

import (
	"sort"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// folder is a folder of the dataset: a range of the manifest's entries, which are
// sorted, and the length of their common beginning. Nothing is kept per folder or file.
type folder struct {
	entries []sealed.Entry // of the whole manifest
	lo, hi  int            // the folder's own
	prefix  int            // length of its path with the slash; 0 for the root
	depth   int
}

// child is what a folder holds under one name.
type child struct {
	name string
	file int // index of the entry; -1 for a folder
	sub  folder
}

func (d folder) path() string { return d.entries[d.lo].Path[:d.prefix] }

// at returns the child to which entry i belongs, and the first entry after it.
func (d folder) at(i int) (child, int) {
	rest := d.entries[i].Path[d.prefix:]
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return child{name: rest, file: i}, i + 1
	}
	end := d.prefix + slash
	after := d.entries[i].Path[:end] + "0" // the byte after a slash
	hi := i + sort.Search(d.hi-i, func(k int) bool { return d.entries[i+k].Path >= after })
	return child{rest[:slash], -1, folder{d.entries, i, hi, end + 1, d.depth + 1}}, hi
}

// lookup finds a child by name.
func (d folder) lookup(name string) (child, bool) {
	if d.lo == d.hi {
		return child{}, false
	}
	path := d.path() + name
	for _, want := range []string{path, path + "/"} {
		i := d.lo + sort.Search(d.hi-d.lo, func(k int) bool { return d.entries[d.lo+k].Path >= want })
		if i == d.hi {
			continue
		}
		if c, _ := d.at(i); c.name == name {
			return c, true
		}
	}
	return child{}, false
}

// Inode numbers: that of a file is its place in the manifest, that of a folder
// the place of its first entry, and its depth, which is below 4096 as paths are.
const depthBits = 12

func (d folder) ino() uint64 { return uint64(d.lo+1)<<depthBits | uint64(d.depth) }

func (c child) ino() uint64 {
	if c.file < 0 {
		return c.sub.ino()
	}
	return uint64(c.file+1) << depthBits
}
