package demo

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// unpack lays an OCI layout out of its tar: regular files with local names only.
func unpack(tarball, dir string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return fault.New(fault.Unavailable, "release", "%w", err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Tampered, "release", "%s: %w", tarball, err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			return fault.New(fault.Tampered, "release", "%s: entry %q is no regular local file", tarball, h.Name)
		}
		path := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := writeFrom(path, r); err != nil {
			return err
		}
	}
}

func writeFrom(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		_ = f.Close() // the copy's error says more
		return err
	}
	return f.Close()
}
