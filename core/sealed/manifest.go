package sealed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"strconv"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

const manifestDomain = "cleanroom/manifest/v1"

// Manifest lists one version of a dataset: every file, and nothing else.
type Manifest struct {
	Dataset string
	Version uint64  // at least 1
	Entries []Entry // in strictly ascending byte order of their paths
}

type manifestHead struct {
	Type    string `json:"type"`
	Dataset string `json:"dataset"`
	Version uint64 `json:"version"`
	Entries int64  `json:"entries"`
}

func (h manifestHead) check() error {
	if h.Type != manifestDomain || h.Version == 0 || h.Version > 1<<53 || h.Entries < 0 {
		return fault.New(fault.Invalid, "sealed.manifest", "%.40q version %d with %d entries", h.Type, h.Version, h.Entries)
	}
	return checkName("dataset", h.Dataset)
}

// manifestContext is the associated data of the sealed manifest.
func manifestContext(dataset string, version uint64) []byte {
	return []byte(manifestDomain + "\n" + dataset + "\n" + strconv.FormatUint(version, 10))
}

// SealManifest signs and seals m. The digest is of the sealed bytes; it is what
// a specification pins.
func SealManifest(m *Manifest, dek *secret.Bytes, signer ed25519.PrivateKey) ([]byte, digest.SHA256, error) {
	const op = "sealed.manifest"
	if len(signer) != ed25519.PrivateKeySize {
		return nil, digest.SHA256{}, fault.New(fault.Invalid, op, "no signing key")
	}
	head := manifestHead{manifestDomain, m.Dataset, m.Version, int64(len(m.Entries))}
	if err := head.check(); err != nil {
		return nil, digest.SHA256{}, err
	}
	if err := checkEntries(m.Entries); err != nil {
		return nil, digest.SHA256{}, err
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, dek, manifestContext(m.Dataset, m.Version))
	if err != nil {
		return nil, digest.SHA256{}, err
	}
	l := &listWriter{w, sha256.New()}
	if err := l.line(head); err != nil {
		return nil, digest.SHA256{}, fault.Wrap(op, err)
	}
	if err := l.finish(manifestDomain, m.Entries, signer); err != nil {
		return nil, digest.SHA256{}, fault.Wrap(op, err)
	}
	if err := w.Close(); err != nil {
		return nil, digest.SHA256{}, err
	}
	return out.Bytes(), digest.Of(out.Bytes()), nil
}

// OpenManifest opens what SealManifest made. Anything but the manifest with this
// digest, signed by this key, of this dataset and version, is Tampered.
func OpenManifest(object []byte, dek *secret.Bytes, signer ed25519.PublicKey, want digest.SHA256, dataset string, version uint64) (*Manifest, error) {
	if err := expected(object, signer, want); err != nil {
		return nil, err
	}
	r, err := NewReader(memory(object), int64(len(object)), dek, manifestContext(dataset, version))
	if err != nil {
		return nil, err
	}
	l := newListReader(io.NewSectionReader(r, 0, r.Size()))
	var head manifestHead
	if err := l.line(&head); err != nil {
		return nil, err
	}
	if err := head.check(); err != nil {
		return nil, damaged("%w", err)
	}
	if head.Dataset != dataset || head.Version != version {
		return nil, damaged("is of %s version %d, want %s version %d", head.Dataset, head.Version, dataset, version)
	}
	entries, err := l.finish(manifestDomain, head.Entries, signer)
	if err != nil {
		return nil, err
	}
	return &Manifest{head.Dataset, head.Version, entries}, nil
}

// expected refuses an empty expectation, and an object other than the pinned one.
func expected(object []byte, signer ed25519.PublicKey, want digest.SHA256) error {
	if want.IsZero() || len(signer) != ed25519.PublicKeySize {
		return fault.New(fault.Invalid, "sealed.manifest", "no digest or no signer to compare with")
	}
	if got := digest.Of(object); !got.Equal(want) {
		return damaged("is %s, pinned is %s", got, want)
	}
	return nil
}

// memory is a sealed file in memory.
type memory []byte

func (m memory) ReadRange(_ context.Context, off int64, p []byte) error {
	if off < 0 || off > int64(len(m)) || copy(p, m[off:]) != len(p) {
		return damaged("ends too early")
	}
	return nil
}
