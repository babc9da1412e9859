package sealed

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// A list is lines of canonical JSON: a head, entries, and a signature over all
// bytes before it. Lines, so that a long list needs no memory to be checked.

// maxLine is more than an entry can need: each byte of a path may take six.
const maxLine = 6*maxPath + 6*maxBlob + 1024

type signature struct {
	Signature []byte `json:"signature"` // Ed25519, over signed()
}

// signed is what the signature of a list covers: its kind, and the SHA-256 of its bytes.
func signed(domain string, h hash.Hash) []byte {
	return h.Sum([]byte(domain + "\nsignature\n"))
}

// listWriter writes lines and hashes them.
type listWriter struct {
	w io.Writer
	h hash.Hash
}

func (l *listWriter) line(v any) error {
	b, err := canonical.Marshal(v)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	l.h.Write(b)
	_, err = l.w.Write(b)
	return err
}

// finish writes the entries and the signature over all so far.
func (l *listWriter) finish(domain string, entries []Entry, signer ed25519.PrivateKey) error {
	for i := range entries {
		if err := l.line(&entries[i]); err != nil {
			return err
		}
	}
	return l.line(signature{ed25519.Sign(signer, signed(domain, l.h))})
}

// listReader reads lines and hashes them. Its errors are Tampered.
type listReader struct {
	s *bufio.Scanner
	h hash.Hash
}

func newListReader(r io.Reader) *listReader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), maxLine)
	s.Split(wholeLines)
	return &listReader{s, sha256.New()}
}

// wholeLines refuses a last line without its newline.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

func (l *listReader) next() ([]byte, error) {
	if !l.s.Scan() {
		if err := l.s.Err(); err != nil {
			return nil, damaged("%w", err)
		}
		return nil, damaged("ends too early")
	}
	return l.s.Bytes(), nil
}

func (l *listReader) line(v any) error {
	b, err := l.next()
	if err != nil {
		return err
	}
	l.h.Write(b)
	if err := canonical.Unmarshal(b[:len(b)-1], v); err != nil {
		return damaged("%w", err)
	}
	return nil
}

// finish reads n entries and checks the signature and that nothing follows it.
func (l *listReader) finish(domain string, n int64, signer ed25519.PublicKey) ([]Entry, error) {
	entries := make([]Entry, 0, min(n, 1<<16))
	for range n {
		var e Entry
		if err := l.line(&e); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	message := signed(domain, l.h)
	var sig signature
	if err := l.line(&sig); err != nil {
		return nil, err
	}
	if !ed25519.Verify(signer, message, sig.Signature) {
		return nil, damaged("signature is not the signer's")
	}
	if l.s.Scan() || l.s.Err() != nil {
		return nil, damaged("bytes after the signature")
	}
	if err := checkEntries(entries); err != nil {
		return nil, damaged("%w", err)
	}
	return entries, nil
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Tampered, "sealed.manifest", format, args...)
}
