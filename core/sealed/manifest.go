package sealed

import (
	"bufio"
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

// Manifest lists one version of a dataset: every file, and nothing else. Only
// OpenManifest makes one, so it is the pinned one.
type Manifest struct {
	Dataset string
	Version uint64
	*Entries
}

// FileContext returns the associated data of one of its files.
func (m *Manifest) FileContext(e *Entry) []byte {
	version := m.Version
	if e.Version != 0 {
		version = e.Version
	}
	return FileContext(m.Dataset, e.Path, version)
}

// ManifestInfo begins a dataset's manifest.
type ManifestInfo struct {
	Dataset string
	Version uint64 // at least 1
	Entries int64  // how many there will be
}

// Pin is what a manifest is compared with. Nothing in it may be missing.
type Pin struct {
	Dataset string
	Version uint64
	Digest  digest.SHA256 // of the object
	Signer  ed25519.PublicKey
}

type manifestHead struct {
	Type    string `json:"type"`
	Dataset string `json:"dataset"`
	Version uint64 `json:"version"`
	Entries int64  `json:"entries"`
}

func (h manifestHead) check() error {
	if h.Type != manifestDomain || h.Version == 0 || h.Version > maxVersion || h.Entries < 0 {
		return fault.New(fault.Invalid, "sealed.manifest", "%.40q version %d with %d entries", h.Type, h.Version, h.Entries)
	}
	return checkName("dataset", h.Dataset)
}

// manifestContext is the associated data of the sealed manifest.
func manifestContext(dataset string, version uint64) []byte {
	return []byte(manifestDomain + "\n" + dataset + "\n" + strconv.FormatUint(version, 10))
}

// NewManifestWriter begins the manifest of a dataset's version on w.
func NewManifestWriter(w io.Writer, i ManifestInfo, dek *secret.Bytes, signer ed25519.PrivateKey) (*ListWriter, error) {
	head := manifestHead{manifestDomain, i.Dataset, i.Version, i.Entries}
	if err := head.check(); err != nil {
		return nil, err
	}
	l, err := newListWriter(manifestDomain, i.Entries, i.Version, signer)
	if err != nil {
		return nil, err
	}
	if err := l.begin(w, dek, manifestContext(i.Dataset, i.Version)); err != nil {
		return nil, err
	}
	return l, l.json(head)
}

// OpenManifest opens the manifest of size bytes at src, and reads it once from
// beginning to end; later reads are of the same src. Anything but the manifest with
// the pinned digest, signed by the pinned key, of this dataset and version, is Tampered.
func OpenManifest(ctx context.Context, src RangeReader, size int64, dek *secret.Bytes, pin Pin) (*Manifest, error) {
	if err := expected(pin.Digest, pin.Signer); err != nil {
		return nil, err
	}
	s := &scan{src: src, size: size, dek: dek, context: manifestContext(pin.Dataset, pin.Version), object: sha256.New()}
	defer s.begin(ctx)()
	l := &lines{r: bufio.NewReaderSize(s, 2*maxLine), hash: sha256.New()}
	var head manifestHead
	if err := l.json(&head); err != nil {
		return nil, err
	}
	if err := head.check(); err != nil {
		return nil, damaged("%w", err)
	}
	if head.Dataset != pin.Dataset || head.Version != pin.Version {
		return nil, damaged("is of %s version %d, want %s version %d", head.Dataset, head.Version, pin.Dataset, pin.Version)
	}
	entries, err := scanned(s, l, head.Entries, head.Version, manifestDomain, pin.Signer, pin.Digest)
	if err != nil {
		return nil, err
	}
	return &Manifest{head.Dataset, head.Version, entries}, nil
}

// expected refuses an empty expectation.
func expected(want digest.SHA256, signer ed25519.PublicKey) error {
	if want.IsZero() || len(signer) != ed25519.PublicKeySize {
		return fault.New(fault.Invalid, "sealed.manifest", "no digest or no signer to compare with")
	}
	return nil
}

// Memory is an object in memory.
type Memory []byte

// ReadRange is of RangeReader.
func (m Memory) ReadRange(_ context.Context, off int64, p []byte) error {
	if off < 0 || off > int64(len(m)) || copy(p, m[off:]) != len(p) {
		return damaged("ends too early")
	}
	return nil
}
