package sealing

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// folder is a Tree that lies in a file system: every path is
// resolved beneath its root, by no link, and never onto another mount.
type folder struct{ root int }

func openFolder(dir string) (*folder, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fault.New(fault.Internal, "sealing.walk", "open %s: %w", dir, err)
	}
	return &folder{fd}, nil
}

// Close ends the use of the folder.
func (t *folder) Close() error { return unix.Close(t.root) }

func (t *folder) open(path string, flags uint64) (int, error) {
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

// Walk is a Tree's. A folder's path is checked by visit before it is opened.
func (t *folder) Walk(visit func(path string, mode uint32, size int64, id uint64) error) error {
	folders := []string{"."}
	for len(folders) > 0 {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		names, err := t.names(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			path := strings.TrimPrefix(folder+"/"+name, "./")
			var st unix.Stat_t
			if err := t.stat(path, &st); err != nil {
				return err
			}
			if err := visit(path, st.Mode, st.Size, st.Ino); err != nil {
				return err
			}
			if st.Mode&unix.S_IFMT == unix.S_IFDIR {
				folders = append(folders, path)
			}
		}
	}
	return nil
}

func (t *folder) names(folder string) ([]string, error) {
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
func (t *folder) stat(path string, st *unix.Stat_t) error {
	fd, err := t.open(path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return fault.Wrap("sealing.walk", unix.Fstat(fd, st))
}

// Copy is a Tree's.
func (t *folder) Copy(w io.Writer, path string, size int64, id uint64) error {
	fd, err := t.open(path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "a file") // its errors say no path
	defer f.Close()
	changed := about(fault.Denied, path, "changed while it was sealed")
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Ino != id || st.Size != size {
		return changed
	}
	if _, err := io.CopyN(w, f, size); err != nil {
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
