package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Modes are fixed by what an entry is for, never taken from the file system, where the
// build's sandbox and umask decide them.
const (
	modeDir     = 0o755
	modeProgram = 0o755
	modeData    = 0o644
)

// entry is one path of a layer. A directory has no source.
type entry struct {
	source string // file to read the content from
	mode   int64
	dir    bool
}

// files maps absolute, clean paths of the image to what is there.
type files map[string]entry

// add puts an entry and the folders above it. Every path is said once, so that the order
// of arguments cannot decide.
func (fs files) add(dst string, e entry) error {
	if !path.IsAbs(dst) || path.Clean(dst) != dst || dst == "/" {
		return fmt.Errorf("%q is not an absolute, clean path", dst)
	}
	if have, ok := fs[dst]; ok && !(have.dir && e.dir) {
		return fmt.Errorf("%s is said twice", dst)
	}
	fs[dst] = e
	for up := path.Dir(dst); up != "/"; up = path.Dir(up) {
		if have, ok := fs[up]; ok && !have.dir {
			return fmt.Errorf("%s is a file and has %s below it", up, dst)
		}
		fs[up] = entry{dir: true, mode: modeDir}
	}
	return nil
}

// addAll parses DST=SRC.
func (fs files) addAll(pairs []string, mode int64) error {
	var errs []error
	for _, p := range pairs {
		dst, src, ok := strings.Cut(p, "=")
		if !ok || src == "" {
			errs = append(errs, fmt.Errorf("want DST=SRC, got %q", p))
			continue
		}
		errs = append(errs, fs.add(dst, entry{source: src, mode: mode}))
	}
	return errors.Join(errs...)
}

// layer returns the tar archive: entries sorted by path, parents before children, no times,
// no owners, plain USTAR, so its bytes depend on names and contents alone.
func (fs files) layer() ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.SortedFunc(maps.Keys(fs), cmp.Compare[string]) {
		e := fs[name]
		h := &tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: e.mode, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		var content []byte
		if e.dir {
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		} else {
			var err error
			if content, err = os.ReadFile(e.source); err != nil {
				return nil, err
			}
			h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, err := w.Write(content); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
