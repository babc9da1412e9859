package dataset

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// folderNames lists a folder, the folders in it with a slash: so sorted, all paths below are
// in byte order too.
func folderNames(root *os.Root, folder string) ([]string, error) {
	d, err := root.Open(folder + ".")
	if err != nil {
		return nil, about(folder, err)
	}
	defer d.Close()
	var names []string
	for {
		some, err := d.ReadDir(1024)
		for _, e := range some {
			name := e.Name()
			if err := sealed.CheckPath(folder + name); err != nil {
				return nil, fault.Wrap("folder.list", err)
			}
			if e.IsDir() {
				name += "/"
			}
			names = append(names, name)
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, about(folder, err)
		}
	}
}

// about is an error of a local folder: Invalid, unless the disk is at fault.
func about(path string, err error) error {
	kind := fault.Invalid
	if errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENOSPC) {
		kind = fault.Unavailable
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // its path is in the message already
	}
	return fault.New(kind, "folder.list", "%.200q: %w", path, err)
}
