// Command localdir is the sink plugin for a local folder: it writes objects as regular
// files. A file gets its name only once it is whole and on disk; a crash leaves nothing
// visible. It never follows a symbolic link and never leaves the folder.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/internal/beneath"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(&sink{}, manifest) }

type sink struct {
	dir *beneath.Dir
	mu  sync.Mutex // between looking at a version and replacing or removing it
}

func (*sink) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*sink) Validate(config []byte) []sdk.Violation {
	_, vs := beneath.Parse(config)
	return vs
}

func (s *sink) Configure(_ context.Context, setup sdk.Setup) (err error) {
	s.dir, err = beneath.Open(setup)
	return err
}

func (s *sink) Stat(_ context.Context, name string) (sdk.Info, error) {
	f, info, err := s.dir.Object("localdir.stat", name)
	if err != nil {
		return sdk.Info{}, err
	}
	return info, f.Close()
}

func (s *sink) Put(_ context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	const op = "localdir.put"
	if !fs.ValidPath(name) {
		return sdk.Info{}, sdk.Errorf(sdk.Invalid, op, "%s: must be a path without ., .. or empty elements", name)
	}
	parent, base, err := s.parent(name, true)
	if err != nil {
		return sdk.Info{}, beneath.Fault(op, name, err)
	}
	defer parent.Close()
	// A file without a name: it vanishes with the process.
	fd, err := unix.Openat(int(parent.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return sdk.Info{}, beneath.Fault(op, name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(body, size+1))
	if err == nil && n != size {
		err = sdk.Errorf(sdk.Unavailable, op, "%s: %d bytes came, %d were said", name, n, size)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return sdk.Info{}, beneath.Fault(op, name, err)
	}
	if err := s.publish(parent, f, name, base, c); err != nil {
		return sdk.Info{}, err
	}
	info, err := beneath.Version(f, name)
	if err != nil {
		return sdk.Info{}, beneath.Fault(op, name, err)
	}
	return info, nil
}

// publish gives f its name, if c holds, and has the folder on disk.
func (s *sink) publish(parent, f *os.File, name, base string, c sdk.Condition) error {
	const op = "localdir.put"
	s.mu.Lock()
	defer s.mu.Unlock()
	anonymous, dir := fmt.Sprintf("/proc/self/fd/%d", f.Fd()), int(parent.Fd())
	link := func(to string) error {
		return unix.Linkat(unix.AT_FDCWD, anonymous, dir, to, unix.AT_SYMLINK_FOLLOW)
	}
	var err error
	if !c.Overwrite {
		err = link(base)
		if errors.Is(err, unix.EEXIST) {
			return sdk.Errorf(sdk.Denied, op, "%s: exists: %w", name, sdk.ErrCondition)
		}
	} else {
		if c.IfMatch != "" {
			if err := s.still(op, name, c.IfMatch); err != nil {
				return err
			}
		}
		// A link cannot replace; it gets a name nobody asks for, for a moment.
		temporary := temporaryPrefix + rand.Text()
		if err = link(temporary); err == nil {
			if err = unix.Renameat(dir, temporary, dir, base); err != nil {
				unix.Unlinkat(dir, temporary, 0)
			}
		}
	}
	if err == nil {
		err = parent.Sync()
	}
	if err != nil {
		return beneath.Fault(op, name, err)
	}
	return nil
}

// still says whether the version etag is the one there. s.mu is held.
func (s *sink) still(op, name, etag string) error {
	f, info, err := s.dir.Object(op, name)
	if sdk.KindOf(err) == sdk.NotFound {
		return sdk.Errorf(sdk.Denied, op, "%s: is not there: %w", name, sdk.ErrCondition)
	} else if err != nil {
		return err
	}
	f.Close()
	if info.ETag != etag {
		return sdk.Errorf(sdk.Denied, op, "%s: is version %s now: %w", name, info.ETag, sdk.ErrCondition)
	}
	return nil
}

func (s *sink) Delete(_ context.Context, o sdk.Info) error {
	const op = "localdir.delete"
	parent, base, err := s.parent(o.Name, false)
	if err != nil {
		return beneath.Fault(op, o.Name, err)
	}
	defer parent.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.dir.Object(op, o.Name)
	if err != nil {
		return err
	}
	f.Close()
	if err := s.still(op, o.Name, o.ETag); err != nil {
		return err
	}
	if err := unix.Unlinkat(int(parent.Fd()), base, 0); err != nil {
		return beneath.Fault(op, o.Name, err)
	}
	if err := parent.Sync(); err != nil {
		return beneath.Fault(op, o.Name, err)
	}
	return nil
}

const temporaryPrefix = ".put-"

// parent opens the folder that name is in, making what is missing of it, and gives name's
// last element.
func (s *sink) parent(name string, create bool) (*os.File, string, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	dir, base := path.Split(name)
	if base == "" || base == "." || base == ".." || strings.HasPrefix(base, temporaryPrefix) {
		return nil, "", unix.ENOENT
	}
	dir = path.Clean("./" + dir)
	if path.Join(dir, base) != name { // such as a//b
		return nil, "", unix.ENOENT
	}
	f, err := s.dir.File(dir, flags, 0)
	if !create || !errors.Is(err, unix.ENOENT) {
		return f, base, err
	}
	above, last, err := s.parent(dir, true)
	if err != nil {
		return nil, "", err
	}
	defer above.Close()
	if err := unix.Mkdirat(int(above.Fd()), last, 0o755); err != nil && err != unix.EEXIST {
		return nil, "", err
	}
	if err := above.Sync(); err != nil {
		return nil, "", err
	}
	f, err = s.dir.File(dir, flags, 0)
	return f, base, err
}
