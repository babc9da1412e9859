package sealed

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Entry is one file of a dataset or output.
type Entry struct {
	Path   string        `json:"path"`   // of the clear file: relative, clean, with slashes
	Blob   string        `json:"blob"`   // name of the object that holds the sealed file
	Size   int64         `json:"size"`   // of the plaintext, in bytes
	Header []byte        `json:"header"` // of the sealed file; tells a re-sealed file from this one
	SHA256 digest.SHA256 `json:"sha256"` // of the plaintext
}

const (
	maxPath = 4096 // bytes; PATH_MAX of Linux
	maxName = 255  // bytes between slashes; NAME_MAX of Linux
	maxBlob = 1024 // bytes; what Azure Storage allows for a blob's name
)

// names are those that go into associated data and digests: no white space, no newline.
var names = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

func checkName(what, name string) error {
	if !names.MatchString(name) {
		return fault.New(fault.Invalid, "sealed.manifest", "%s: must be 1 to 128 of A-Z a-z 0-9 . _ - (got %.80q)", what, name)
	}
	return nil
}

// CheckPath says what is wrong with the path of a clear file.
func CheckPath(path string) error {
	bad := func(why string) error {
		return fault.New(fault.Invalid, "sealed.path", "%.200q: %s", path, why)
	}
	switch {
	case path == "" || len(path) > maxPath:
		return bad("must have 1 to 4096 bytes")
	case !utf8.ValidString(path):
		return bad("is not valid UTF-8")
	case strings.ContainsRune(path, 0):
		return bad("holds a NUL")
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return bad("must be relative and clean")
		}
		if len(name) > maxName {
			return bad("has a name of more than 255 bytes")
		}
	}
	return nil
}

func (e *Entry) check() error {
	if err := CheckPath(e.Path); err != nil {
		return err
	}
	bad := func(why string) error {
		return fault.New(fault.Invalid, "sealed.entry", "%.200q: %s", e.Path, why)
	}
	switch {
	case e.Blob == "" || len(e.Blob) > maxBlob || !utf8.ValidString(e.Blob) || strings.ContainsFunc(e.Blob, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return bad("blob name is not 1 to 1024 printable bytes")
	case e.Size < 0 || e.Size > MaxSize:
		return bad("size is out of range")
	case len(e.Header) != HeaderSize || e.Header[0] != HeaderSize:
		return bad("header is not that of a sealed file")
	case e.SHA256.IsZero():
		return bad("has no digest")
	}
	return nil
}

// checkEntries wants valid entries in strictly ascending byte order of their
// paths, no file that is another's folder, and no blob that serves two files.
func checkEntries(entries []Entry) error {
	blobs := make(map[string]struct{}, len(entries))
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return err
		}
		if i > 0 && entries[i-1].Path >= e.Path {
			return fault.New(fault.Invalid, "sealed.entry", "%.200q: is twice, or out of order", e.Path)
		}
		if _, twice := blobs[e.Blob]; twice {
			return fault.New(fault.Invalid, "sealed.entry", "%.200q: blob %.80q serves another file too", e.Path, e.Blob)
		}
		blobs[e.Blob] = struct{}{}
		for end := strings.LastIndexByte(e.Path, '/'); end > 0; end = strings.LastIndexByte(e.Path[:end], '/') {
			folder := e.Path[:end]
			if i > 0 && strings.HasPrefix(entries[i-1].Path, e.Path[:end+1]) {
				break // a neighbour in the same folder has been checked
			}
			if at := sort.Search(i, func(k int) bool { return entries[k].Path >= folder }); at < i && entries[at].Path == folder {
				return fault.New(fault.Invalid, "sealed.entry", "%.200q: is a file and a folder", folder)
			}
		}
	}
	return nil
}
