package sealed

import (
	"crypto/ed25519"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// A list is lines of canonical JSON: a head, entries, and a signature over all bytes
// before it, perhaps padded. Lines, so that a long list needs no memory to be checked.

// maxLine is more than an entry can need: each byte of a path may take six.
const maxLine = 6*maxPath + 6*maxBlob + 1024

type signature struct {
	Signature []byte `json:"signature"` // Ed25519, over signed()
}

// signed is what the signature of a list covers: its kind, and the SHA-256 of its bytes.
func signed(domain string, h hash.Hash) []byte {
	return h.Sum([]byte(domain + "\nsignature\n"))
}

// ListWriter writes a manifest, of a dataset or of an output, in constant memory. It
// is for one goroutine.
type ListWriter struct {
	Pad bool // hide the length of the list; set before Close

	domain string
	signer ed25519.PrivateKey
	object hash.Hash // of what is stored
	lines  hash.Hash // of what is signed
	sealed *Writer
	size   int64 // of the lines that are sealed
	left   int64 // entries to come
	before uint64
	order  order
	buf    []byte
}

func newListWriter(domain string, entries int64, before uint64, signer ed25519.PrivateKey) (*ListWriter, error) {
	if len(signer) != ed25519.PrivateKeySize {
		return nil, fault.New(fault.Invalid, "sealed.manifest", "no signing key")
	}
	return &ListWriter{domain: domain, signer: signer, object: sha256.New(), lines: sha256.New(), left: entries, before: before}, nil
}

// begin starts the sealed part on w.
func (l *ListWriter) begin(w io.Writer, dek *secret.Bytes, context []byte) (err error) {
	l.sealed, err = NewWriter(io.MultiWriter(w, l.object), dek, context)
	return err
}

func (l *ListWriter) json(v any) error {
	b, err := canonical.Marshal(v)
	if err != nil {
		return fault.Wrap("sealed.manifest", err)
	}
	return l.line(append(b, '\n'))
}

func (l *ListWriter) line(b []byte) error {
	l.lines.Write(b)
	l.size += int64(len(b))
	_, err := l.sealed.Write(b)
	return err
}

// Add writes the next entry, in strictly ascending byte order of the paths. One that
// breaks a rule of the format is Invalid.
func (l *ListWriter) Add(e *Entry) error {
	const op = "sealed.manifest"
	if l.left == 0 {
		return fault.New(fault.Invalid, op, "%.200q: more entries than were announced", e.Path)
	}
	if err := e.check(); err != nil {
		return err
	}
	if err := e.checkVersion(l.before); err != nil {
		return err
	}
	if _, err := l.order.next(e.Path); err != nil {
		return err
	}
	b, err := appendEntry(l.buf[:0], e)
	if err != nil {
		return fault.Wrap(op, err)
	}
	l.buf = append(b, '\n')
	l.left--
	return l.line(l.buf)
}

// Close signs the list and seals its end. The digest is of the whole object: it is
// what a specification pins, or the audit names.
func (l *ListWriter) Close() (digest.SHA256, error) {
	if l.left != 0 {
		return digest.SHA256{}, fault.New(fault.Invalid, "sealed.manifest", "%d entries are missing", l.left)
	}
	if err := l.json(signature{ed25519.Sign(l.signer, signed(l.domain, l.lines))}); err != nil {
		return digest.SHA256{}, err
	}
	if l.Pad {
		if _, err := l.sealed.Pad(l.size); err != nil {
			return digest.SHA256{}, err
		}
	}
	if err := l.sealed.Close(); err != nil {
		return digest.SHA256{}, err
	}
	return digest.FromHash(l.object), nil
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Tampered, "sealed.manifest", format, args...)
}
