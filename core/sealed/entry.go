package sealed

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Entry is one file of a dataset or output.
type Entry struct {
	Path    string        `json:"path"`              // of the clear file: relative, clean, with slashes
	Blob    string        `json:"blob"`              // name of the object that holds the sealed file
	Size    int64         `json:"size"`              // of the plaintext, in bytes
	Padded  int64         `json:"padded,omitempty"`  // of what is sealed, where zero bytes follow the plaintext
	Header  []byte        `json:"header"`            // of the sealed file; tells a re-sealed file from this one
	SHA256  digest.SHA256 `json:"sha256"`            // of the plaintext
	Version uint64        `json:"version,omitempty"` // of the dataset as which it was sealed, where that is an earlier one
}

// Stream returns the size of what is sealed: the plaintext and its padding.
func (e *Entry) Stream() int64 { return max(e.Size, e.Padded) }

// SealedSize returns the size of the object that holds the file.
func (e *Entry) SealedSize() int64 { return SealedSize(e.Stream()) }

// Opener returns the opener of the file's segments. Its Size is the plaintext's: the
// segments may hold zero bytes after it.
func (e *Entry) Opener(dek *secret.Bytes, context []byte) (*Opener, error) {
	o, err := NewOpener(dek, e.Header, context, e.Stream())
	if err != nil {
		return nil, err
	}
	o.size = e.Size
	return o, nil
}

const (
	maxPath = 4096 // bytes; PATH_MAX of Linux
	maxName = 255  // bytes between slashes; NAME_MAX of Linux
	maxBlob = 1024 // bytes; what Azure Storage allows for a blob's name

	maxVersion = 1 << 53 // what every JSON reader can hold
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
	case e.Padded != 0 && (e.Padded <= e.Size || e.Padded > MaxSize):
		return bad("padded size is not above its size")
	case e.Version > maxVersion:
		return bad("version is out of range")
	}
	return nil
}

// checkVersion refuses an entry that was sealed as anything but an earlier version.
func (e *Entry) checkVersion(before uint64) error {
	if e.Version != 0 && e.Version >= before {
		return fault.New(fault.Invalid, "sealed.entry", "%.200q: sealed as version %d, which is not before the manifest's", e.Path, e.Version)
	}
	return nil
}

// order checks one entry after the other, in constant memory: strictly ascending
// byte order of the paths, and no file that is another's folder. A blob that serves
// two files needs no check: a file's key is bound to its path, so at most one opens.
type order struct {
	last  string
	files []int // lengths of the paths so far that begin last, last itself included
	any   bool
}

// next takes the next path, and returns how much of its beginning is the last one's.
func (o *order) next(path string) (common int, err error) {
	if o.any && path <= o.last {
		return 0, fault.New(fault.Invalid, "sealed.entry", "%.200q: is twice, or out of order", path)
	}
	for n := min(len(path), len(o.last)); common < n && path[common] == o.last[common]; {
		common++
	}
	top := len(o.files)
	for top > 0 && o.files[top-1] > common {
		top--
	}
	// A shorter one of them was checked when the last path came.
	if top > 0 && o.files[top-1] == common && path[common] == '/' {
		return 0, fault.New(fault.Invalid, "sealed.entry", "%.200q: is a file and a folder", path[:common])
	}
	o.files = append(o.files[:top], len(path))
	o.last, o.any = path, true
	return common, nil
}
