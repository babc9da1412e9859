package volume

import (
	"context"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// folder is a folder of the dataset: a range of the manifest's entries, which are
// sorted, and what their paths begin with. Nothing is kept of what is in it.
type folder struct {
	entries *sealed.Entries // of the whole manifest
	lo, hi  int             // the folder's own
	path    string          // with the slash; empty for the root
	depth   int
}

// child is what a folder holds under one name.
type child struct {
	name string
	file int   // index of the entry; -1 for a folder
	size int64 // of a file, in bytes
	sub  folder
}

// at returns the child to which entry i belongs, and the first entry after it.
func (d folder) at(ctx context.Context, i int) (child, int, error) {
	e, err := d.entries.At(ctx, i)
	if err != nil {
		return child{}, i, err
	}
	return d.child(ctx, i, &e)
}

func (d folder) child(ctx context.Context, i int, e *sealed.Entry) (child, int, error) {
	rest := e.Path[len(d.path):]
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return child{name: rest, file: i, size: e.Size}, i + 1, nil
	}
	path := e.Path[:len(d.path)+slash+1]
	hi, err := d.entries.Search(ctx, path[:len(path)-1]+"0") // the byte after a slash
	return child{name: rest[:slash], file: -1, sub: folder{d.entries, i, hi, path, d.depth + 1}}, hi, err
}

// lookup finds a child by name.
func (d folder) lookup(ctx context.Context, name string) (child, bool, error) {
	for _, want := range []string{d.path + name, d.path + name + "/"} {
		i, err := d.entries.Search(ctx, want)
		if err != nil {
			return child{}, false, err
		}
		if i >= d.hi {
			continue
		}
		e, err := d.entries.At(ctx, i)
		if err != nil {
			return child{}, false, err
		}
		if e.Path == want || strings.HasSuffix(want, "/") && strings.HasPrefix(e.Path, want) {
			c, _, err := d.child(ctx, i, &e)
			return c, err == nil, err
		}
	}
	return child{}, false, nil
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
