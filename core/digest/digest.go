// Package digest holds SHA-256 digests as values of their own type, so that a
// string is parsed once, strictly, and a missing digest cannot match anything.
package digest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

const prefix = "sha256:"

// SHA256 is a SHA-256 digest. Its zero value is "no digest" and equals nothing.
type SHA256 struct {
	sum [sha256.Size]byte
	set bool
}

// Of returns the digest of b.
func Of(b []byte) SHA256 { return SHA256{sum: sha256.Sum256(b), set: true} }

// OfReader returns the digest of all that r gives.
func OfReader(r io.Reader) (SHA256, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return SHA256{}, err
	}
	return FromHash(h), nil
}

// FromHash returns the current sum of h, which must be a SHA-256 hash.
func FromHash(h hash.Hash) SHA256 {
	d := SHA256{set: true}
	copy(d.sum[:], h.Sum(nil))
	return d
}

// FromBytes returns the digest whose 32 bytes are b.
func FromBytes(b []byte) (SHA256, error) {
	if len(b) != sha256.Size {
		return SHA256{}, fmt.Errorf("digest of %d bytes, want %d", len(b), sha256.Size)
	}
	d := SHA256{set: true}
	copy(d.sum[:], b)
	return d, nil
}

// Parse reads "sha256:" and 64 lower-case hex digits.
func Parse(s string) (SHA256, error) {
	h, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return SHA256{}, fmt.Errorf("does not begin with %s (got %.80q)", prefix, s)
	}
	if len(h) != 2*sha256.Size || strings.Trim(h, "0123456789abcdef") != "" {
		return SHA256{}, fmt.Errorf("not 64 lower-case hex digits after %s (got %.80q)", prefix, s)
	}
	b, err := hex.DecodeString(h)
	if err != nil {
		return SHA256{}, err
	}
	return FromBytes(b)
}

// IsZero reports that d holds no digest.
func (d SHA256) IsZero() bool { return !d.set }

// Equal reports that both hold a digest and it is the same one.
func (d SHA256) Equal(o SHA256) bool {
	return d.set && o.set && subtle.ConstantTimeCompare(d.sum[:], o.sum[:]) == 1
}

// Bytes returns the 32 bytes, or nil for the zero value.
func (d SHA256) Bytes() []byte {
	if !d.set {
		return nil
	}
	return d.sum[:]
}

// Hex returns 64 lower-case hex digits, or "" for the zero value.
func (d SHA256) Hex() string { return hex.EncodeToString(d.Bytes()) }

// String returns the form that Parse reads, or "" for the zero value.
func (d SHA256) String() string {
	if !d.set {
		return ""
	}
	return prefix + d.Hex()
}

// MarshalText writes the form that Parse reads; a zero digest cannot be written.
func (d SHA256) MarshalText() ([]byte, error) {
	if !d.set {
		return nil, fmt.Errorf("digest is not set")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what Parse reads.
func (d *SHA256) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
