package sealing

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// Tree is what somebody untrusted has written. Its methods may be called concurrently.
type Tree interface {
	// Walk calls visit for whatever is below the root, for a folder before what is in
	// it. Mode is as in stat(2), size in bytes; id is one file's alone. It stops
	// at the first error and returns it.
	Walk(visit func(path string, mode uint32, size int64, id uint64) error) error
	// Copy writes exactly the file that Walk found to w. One that changed is Denied.
	Copy(w io.Writer, path string, size int64, id uint64) error
}

// staged is one file of the folder.
type staged struct {
	path string // relative to the folder
	size int64
	ino  uint64
}

// tree says what of a Tree may be sealed.
type tree struct{ from Tree }

func openTree(dir string) (*tree, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return &tree{f}, nil
}

func (t *tree) close() {
	if c, ok := t.from.(io.Closer); ok {
		c.Close()
	}
}

// Named is in the tree of every error about one file of the folder. Who sealed a
// stranger's folder shows Err alone: the stranger chose the path.
type Named struct {
	Path string
	Err  error
}

func (n *Named) Error() string { return fmt.Sprintf("%.200q: %v", n.Path, n.Err) }

// Unwrap returns the cause.
func (n *Named) Unwrap() error { return n.Err }

func about(kind fault.Kind, path, format string, args ...any) error {
	return fault.New(kind, "sealing.walk", "%w", &Named{path, fmt.Errorf(format, args...)})
}

// refuse is what is said of something that is not data.
func refuse(path, why string) error {
	return about(fault.Denied, path, "%s; only regular files are sealed", why)
}

// files lists every regular file in byte order of the paths. Anything that is
// neither that nor a folder is Denied, and so is more than limit bytes in all, those
// of the paths included where paths says so.
func (t *tree) files(limit int64, paths bool) ([]staged, error) {
	var out []staged
	left := limit
	err := t.from.Walk(func(path string, mode uint32, size int64, id uint64) error {
		if sealed.CheckPath(path) != nil {
			return about(fault.Denied, path, "its path must be UTF-8 of at most 4096 bytes, 255 for one name")
		}
		switch mode & unix.S_IFMT {
		case unix.S_IFDIR:
			return nil
		case unix.S_IFREG:
		default:
			return refuse(path, kindOf(mode))
		}
		if paths {
			left -= int64(len(path))
		}
		if size > left {
			return about(fault.Denied, path, "more than %d bytes in all are not allowed", limit)
		}
		left -= size
		out = append(out, staged{path, size, id})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b staged) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return "is a symbolic link"
	case unix.S_IFIFO:
		return "is a pipe"
	case unix.S_IFSOCK:
		return "is a socket"
	}
	return "is a device"
}

func (t *tree) copy(w io.Writer, s staged) error { return t.from.Copy(w, s.path, s.size, s.ino) }
