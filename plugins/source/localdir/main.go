// Command localdir is the source plugin for a local folder: its objects are the regular
// files in it. It never follows a symbolic link and never leaves the folder.
package main

import (
	"context"
	_ "embed"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/internal/beneath"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(&source{}, manifest) }

type source struct{ dir *beneath.Dir }

func (*source) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*source) Validate(config []byte) []sdk.Violation {
	_, vs := beneath.Parse(config)
	return vs
}

func (s *source) Configure(_ context.Context, setup sdk.Setup) (err error) {
	s.dir, err = beneath.Open(setup)
	return err
}

func (s *source) Stat(_ context.Context, name string) (sdk.Info, error) {
	f, info, err := s.dir.Object("localdir.stat", name)
	if err != nil {
		return sdk.Info{}, err
	}
	return info, f.Close()
}

func (s *source) Open(_ context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	const op = "localdir.open"
	f, info, err := s.dir.Object(op, name)
	if err != nil {
		return nil, sdk.Info{}, err
	}
	switch {
	case etag != sdk.AnyVersion && info.ETag != etag:
		err = sdk.Errorf(sdk.Tampered, op, "%s: is version %s now", name, info.ETag)
	case off < 0 || n < 0 || off > info.Size-n:
		err = sdk.Errorf(sdk.Invalid, op, "%s: %d bytes at %d are not inside its %d", name, n, off, info.Size)
	}
	if err != nil {
		f.Close()
		return nil, sdk.Info{}, err
	}
	return section{io.NewSectionReader(f, off, n), f}, info, nil
}

// section is a part of an open file.
type section struct {
	io.Reader
	io.Closer
}

func (s *source) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		// The deepest folder that holds all names with the prefix.
		top, _ := path.Split(prefix)
		top = path.Clean("./" + top)
		if !fs.ValidPath(top) {
			return
		}
		s.walk(ctx, top, prefix, yield)
	}
}

// walk yields the objects in dir and below. It says whether to go on.
func (s *source) walk(ctx context.Context, dir, prefix string, yield func(sdk.Info, error) bool) bool {
	const op = "localdir.list"
	fail := func(err error) bool { yield(sdk.Info{}, err); return false }
	f, err := s.dir.File(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		if err = beneath.Fault(op, dir, err); sdk.KindOf(err) == sdk.NotFound {
			return true // no such folder, or a link: nothing there
		}
		return fail(err)
	}
	entries, err := f.ReadDir(-1)
	f.Close()
	if err != nil {
		return fail(beneath.Fault(op, dir, err))
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return fail(ctx.Err())
		}
		name := path.Join(dir, e.Name())
		if e.IsDir() {
			if (strings.HasPrefix(name+"/", prefix) || strings.HasPrefix(prefix, name+"/")) && !s.walk(ctx, name, prefix, yield) {
				return false
			}
			continue
		}
		if e.Type()&os.ModeType != 0 || !strings.HasPrefix(name, prefix) {
			continue
		}
		info, err := s.Stat(ctx, name)
		if sdk.KindOf(err) == sdk.NotFound {
			continue // went while we listed
		}
		if !yield(info, err) || err != nil {
			return false
		}
	}
	return true
}
