// Package beneath is what the source and the sink for a local folder share: objects are
// regular files in one folder, and no name leads out of it. Symbolic links are never
// followed, whoever made them.
package beneath

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Config is both plugins' configuration.
type Config struct {
	Path string `json:"path"` // of the folder, absolute
}

// Parse reads a configuration and says everything wrong with it.
func Parse(raw []byte) (Config, []sdk.Violation) {
	var c Config
	vs := sdk.DecodeConfig(raw, &c)
	if c.Path == "" {
		vs = append(vs, sdk.Violation{Field: "path", Description: "is required"})
	} else if !filepath.IsAbs(c.Path) || filepath.Clean(c.Path) != c.Path {
		vs = append(vs, sdk.Violation{Field: "path", Description: "must be absolute, without ., .. or a final slash"})
	}
	return c, vs
}

// Dir is the open folder. Its methods may be called concurrently.
type Dir struct {
	path string
	fd   int
}

// Open opens the folder of a configuration that Parse found nothing wrong with.
func Open(s sdk.Setup) (*Dir, error) {
	c, vs := Parse(s.Config)
	if len(vs) > 0 {
		return nil, sdk.Reject(vs...)
	}
	fd, err := unix.Open(c.Path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, Fault("localdir.open", c.Path, err)
	}
	return &Dir{path: c.Path, fd: fd}, nil
}

// FD is the folder's descriptor, good for as long as the plugin runs.
func (d *Dir) FD() int { return d.fd }

// File opens name beneath the folder. The caller closes it.
func (d *Dir) File(name string, flags int, mode uint64) (*os.File, error) {
	if !fs.ValidPath(name) {
		return nil, unix.ENOENT // such as a/../b: no file has that name
	}
	how := &unix.OpenHow{Flags: uint64(flags) | unix.O_CLOEXEC, Mode: mode,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(d.fd, name, how)
		if err == unix.EAGAIN || err == unix.EINTR { // a rename raced with the look-up (openat2(2))
			continue
		}
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
}

// Object opens the object called name for reading and says which version it is.
func (d *Dir) Object(op, name string) (*os.File, sdk.Info, error) {
	f, err := d.File(name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, sdk.Info{}, Fault(op, name, err)
	}
	info, err := Version(f, name)
	if err != nil {
		f.Close()
		return nil, sdk.Info{}, Fault(op, name, err)
	}
	return f, info, nil
}

// Version says which version of the object is open. The change time is part of it: unlike
// the modification time, nobody can set it back.
func Version(f *os.File, name string) (sdk.Info, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return sdk.Info{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return sdk.Info{}, unix.ENOENT // a folder, pipe or device is no object
	}
	tag := fmt.Sprintf(`"%x-%x-%x"`, st.Ino, unix.TimespecToNsec(st.Ctim), st.Size)
	return sdk.Info{Name: name, Size: st.Size, ETag: tag}, nil
}

// Fault gives an error of the system its kind; one that has a kind keeps it. A symbolic link
// on the way is no object.
func Fault(op, name string, err error) error {
	kind := sdk.KindOf(err)
	switch {
	case kind != sdk.Internal:
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP),
		errors.Is(err, unix.EXDEV), errors.Is(err, unix.ENAMETOOLONG), errors.Is(err, unix.ENXIO):
		kind = sdk.NotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		kind = sdk.Denied
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EIO), errors.Is(err, unix.ESTALE):
		kind = sdk.Unavailable
	}
	return sdk.Errorf(kind, op, "%s: %w", name, err)
}
