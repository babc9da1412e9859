package proxy

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	maxBundle = 1 << 20 // bytes of all files together
	maxFiles  = 64
)

// Bundle is a compiled policy and the canonical bytes it was made from.
type Bundle struct {
	canonical []byte
	policy    *policy
}

// Digest is what a specification pins: SHA-256 of the canonical bytes.
func (b *Bundle) Digest() digest.SHA256 {
	if b == nil {
		return digest.SHA256{}
	}
	return digest.Of(b.canonical)
}

// Bytes returns the canonical bytes: a tar of the bundle's files in the order of
// their names, mode 0644, everything else zero.
func (b *Bundle) Bytes() []byte { return bytes.Clone(b.canonical) }

// LoadBundle reads and compiles the bundle in dir. A wrong one is Invalid, with
// file and line.
func LoadBundle(dir fs.FS) (*Bundle, error) {
	files, err := bundleFiles(dir)
	if err != nil {
		return nil, err
	}
	return newBundle(files)
}

// BundleDigest is the digest of the bundle in dir. It reads and orders; it does not compile.
func BundleDigest(dir fs.FS) (digest.SHA256, error) {
	files, err := bundleFiles(dir)
	if err != nil {
		return digest.SHA256{}, err
	}
	b, err := canonicalBundle(files)
	if err != nil {
		return digest.SHA256{}, err
	}
	return digest.Of(b), nil
}

// ParseBundle reads what Bytes gave and nothing else: other orders, modes or
// entries are Invalid.
func ParseBundle(b []byte) (*Bundle, error) {
	const op = "proxy.bundle"
	if len(b) > maxBundle+maxFiles*2048 {
		return nil, fault.New(fault.Invalid, op, "is more than %d bytes", maxBundle)
	}
	var files []bundleFile
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "%w", err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "%s: %w", h.Name, err)
		}
		if counts, err := counts(h.Name); err != nil || !counts {
			return nil, fault.New(fault.Invalid, op, "%q: is no file of a bundle", h.Name)
		}
		files = append(files, bundleFile{h.Name, content})
	}
	again, err := canonicalBundle(files)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fault.New(fault.Invalid, op, "is not in canonical form")
	}
	return newBundle(files)
}

type bundleFile struct {
	name    string
	content []byte
}

func newBundle(files []bundleFile) (*Bundle, error) {
	b, err := canonicalBundle(files)
	if err != nil {
		return nil, err
	}
	p, err := compile(files)
	if err != nil {
		return nil, err
	}
	return &Bundle{b, p}, nil
}

// counts says whether the file is part of a bundle. A file that only looks as if
// it counted is an error.
func counts(name string) (bool, error) {
	base := path.Base(name)
	switch {
	case !fs.ValidPath(name):
	case name == "data.json":
		return true, nil
	case strings.HasSuffix(base, "_test.rego"), strings.HasSuffix(base, ".md"), base == "BUILD.bazel":
		return false, nil
	case strings.HasSuffix(base, ".rego"):
		return true, nil
	}
	return false, fault.New(fault.Invalid, "proxy.bundle", "%s: only .rego files and data.json at the top may be here", name)
}

// bundleFiles returns the files that count, in the order of their names.
func bundleFiles(dir fs.FS) ([]bundleFile, error) {
	const op = "proxy.bundle"
	var files []bundleFile
	total := 0
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if ok, err := counts(name); err != nil || !ok {
			return err
		}
		if !e.Type().IsRegular() {
			return fault.New(fault.Invalid, op, "%s: is not a regular file", name)
		}
		if i, err := e.Info(); err != nil || i.Size() > maxBundle {
			return fault.New(fault.Invalid, op, "%s: more than %d bytes, or unreadable", name, maxBundle)
		}
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		if total += len(content); total > maxBundle || len(files) >= maxFiles {
			return fault.New(fault.Invalid, op, "%s: more than %d bytes or %d files together", name, maxBundle, maxFiles)
		}
		files = append(files, bundleFile{name, content})
		return nil
	})
	if err == nil {
		return files, nil
	}
	if fault.KindOf(err) == fault.Internal { // the file system's own error
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	return nil, err
}

func canonicalBundle(files []bundleFile) ([]byte, error) {
	const op = "proxy.bundle"
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, op, "has no file")
	}
	sorted := append([]bundleFile(nil), files...)
	sortFiles(sorted)
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i, f := range sorted {
		if i > 0 && sorted[i-1].name == f.name {
			return nil, fault.New(fault.Invalid, op, "%s: comes twice", f.name)
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o644, Size: int64(len(f.content)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, fault.New(fault.Invalid, op, "%s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fault.New(fault.Internal, op, "%s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	return out.Bytes(), nil
}

func sortFiles(files []bundleFile) {
	slices.SortFunc(files, func(a, b bundleFile) int { return strings.Compare(a.name, b.name) })
}
