package sealing

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// staged is one file of the folder.
type staged struct {
	path string // relative to the folder
	size int64
	ino  uint64
}

// tree reads a folder that somebody untrusted has written: every path is
// resolved beneath its root, by no link, and never onto another mount.
type tree struct{ root int }

func openTree(dir string) (*tree, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fault.New(fault.Internal, "sealing.walk", "open %s: %w", dir, err)
	}
	return &tree{fd}, nil
}

func (t *tree) close() { unix.Close(t.root) }

func (t *tree) open(path string, flags uint64) (int, error) {
	for {
		fd, err := unix.Openat2(t.root, path, &unix.OpenHow{
			Flags:   flags | unix.O_NOFOLLOW | unix.O_CLOEXEC,
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
		})
		switch {
		case err == unix.EINTR || err == unix.EAGAIN: // a rename raced with the look-up
			continue
		case err == unix.ELOOP || err == unix.EXDEV || err == unix.ENAMETOOLONG:
			return -1, refuse(path, err.Error())
		case err != nil:
			return -1, about(fault.Internal, path, "%w", err)
		}
		return fd, nil
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
	folders := []string{"."}
	for len(folders) > 0 {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		names, err := t.names(folder)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			path := strings.TrimPrefix(folder+"/"+name, "./")
			if sealed.CheckPath(path) != nil {
				return nil, about(fault.Denied, path, "its path must be UTF-8 of at most 4096 bytes, 255 for one name")
			}
			var st unix.Stat_t
			if err := t.stat(path, &st); err != nil {
				return nil, err
			}
			switch st.Mode & unix.S_IFMT {
			case unix.S_IFDIR:
				folders = append(folders, path)
			case unix.S_IFREG:
				if paths {
					left -= int64(len(path))
				}
				if st.Size > left {
					return nil, about(fault.Denied, path, "more than %d bytes in all are not allowed", limit)
				}
				left -= st.Size
				out = append(out, staged{path, st.Size, st.Ino})
			default:
				return nil, refuse(path, kindOf(st.Mode))
			}
		}
	}
	slices.SortFunc(out, func(a, b staged) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

func (t *tree) names(folder string) ([]string, error) {
	fd, err := t.open(folder, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "a folder") // its errors say no path
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, fault.Wrap("sealing.walk", err)
}

// stat looks without opening: to open a device can act on it.
func (t *tree) stat(path string, st *unix.Stat_t) error {
	fd, err := t.open(path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return fault.Wrap("sealing.walk", unix.Fstat(fd, st))
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

// copy writes exactly the file that files found to w. One that changed is Denied.
func (t *tree) copy(w io.Writer, s staged) error {
	fd, err := t.open(s.path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "a file") // its errors say no path
	defer f.Close()
	changed := about(fault.Denied, s.path, "changed while it was sealed")
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Ino != s.ino || st.Size != s.size {
		return changed
	}
	if _, err := io.CopyN(w, f, s.size); err != nil {
		if errors.Is(err, io.EOF) {
			return changed
		}
		return err
	}
	if n, _ := f.Read(make([]byte, 1)); n != 0 {
		return changed
	}
	return nil
}
