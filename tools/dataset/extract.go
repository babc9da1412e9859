package dataset

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// extract writes all files beside dir first, and gives them dir's name once they
// are all there. Paths come from a manifest that is checked; os.Root keeps them
// inside all the same.
func (s *set) extract(ctx context.Context, dir string) error {
	const op = "dataset.write"
	if _, err := os.Lstat(dir); err == nil {
		return fault.New(fault.Invalid, op, "%s: exists already", dir)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".opening-")
	if err != nil {
		return fault.New(fault.Invalid, op, "%w", err)
	}
	defer os.RemoveAll(tmp) // after the rename there is nothing under this name
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer root.Close()
	if err := s.each(ctx, func(e sealed.Entry) (io.WriteCloser, error) {
		if parent := path.Dir(e.Path); parent != "." {
			if err := root.MkdirAll(parent, 0o700); err != nil {
				return nil, fault.Wrap(op, err)
			}
		}
		return root.OpenFile(e.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fault.Wrap(op, err)
	}
	return nil
}
