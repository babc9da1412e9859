// Package policy turns a specification and the digests of the built images into
// the execution policy (CCE policy) that the platform enforces and whose hash the
// hardware reports as HOST_DATA. It computes only: it reads no file, asks no
// registry and touches no platform, and it writes one text for one input.
package policy

import (
	"bytes"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Lock is images.lock: what the build made. Its digest is an argument in the
// policy, so neither an image nor a plugin can be exchanged under a policy hash.
type Lock struct {
	Images   []Image  `json:"images"`
	Binaries []Binary `json:"binaries"`
}

// Image is one OCI image. DiffIDs and VerityRoots are in the order of its layers,
// the base first.
type Image struct {
	Name        string          `json:"name"`
	Manifest    digest.SHA256   `json:"manifest"`
	Config      digest.SHA256   `json:"config"`
	DiffIDs     []digest.SHA256 `json:"diffIDs"`
	VerityRoots []string        `json:"verityRoots"` // dm-verity, SHA-256, zero salt, 4 KiB blocks: 64 hex digits each
}

// Binary is one executable, such as "cleanroomd" or "plugin/source/azblob".
type Binary struct {
	Name   string        `json:"name"`
	SHA256 digest.SHA256 `json:"sha256"`
}

// ParseLock reads canonical JSON and nothing else, so that the digest of the file
// is the lock's Digest. Errors are Invalid.
func ParseLock(b []byte) (*Lock, error) {
	const op = "policy.lock"
	var l Lock
	if err := canonical.Unmarshal(b, &l); err != nil {
		return nil, fault.New(fault.Invalid, op, "images.lock: %w", err)
	}
	if again, err := l.Marshal(); err != nil {
		return nil, err
	} else if !bytes.Equal(again, b) {
		return nil, fault.New(fault.Invalid, op, "images.lock: images and binaries are not sorted by name")
	}
	return &l, nil
}

// Marshal returns the canonical form: images and binaries sorted by name.
func (l *Lock) Marshal() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	return canonical.Marshal(l.sorted())
}

// Digest is that of the canonical form.
func (l *Lock) Digest() (digest.SHA256, error) {
	b, err := l.Marshal()
	if err != nil {
		return digest.SHA256{}, err
	}
	return digest.Of(b), nil
}

// Image returns the image of that name, or NotFound.
func (l *Lock) Image(name string) (Image, error) {
	for _, i := range l.Images {
		if i.Name == name {
			return i, nil
		}
	}
	return Image{}, fault.New(fault.NotFound, "policy.lock", "no image %.80q in images.lock", name)
}

// Binary returns the digest of the executable of that name, or NotFound.
func (l *Lock) Binary(name string) (digest.SHA256, error) {
	for _, b := range l.Binaries {
		if b.Name == name {
			return b.SHA256, nil
		}
	}
	return digest.SHA256{}, fault.New(fault.NotFound, "policy.lock", "no binary %.80q in images.lock", name)
}

// Plugin returns the digest of a plugin's executable; name is as in a
// specification, such as source/azblob. A plugin that was not built is NotFound.
func (l *Lock) Plugin(name string) (digest.SHA256, error) { return l.Binary("plugin/" + name) }

func (l *Lock) sorted() *Lock {
	s := &Lock{Images: slices.Clone(l.Images), Binaries: slices.Clone(l.Binaries)}
	slices.SortFunc(s.Images, func(a, b Image) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Binaries, func(a, b Binary) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// check refuses what would make a name or a layer ambiguous or empty.
func (l *Lock) check() error {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "policy.lock", "images.lock: "+format, args...)
	}
	if l == nil || len(l.Images) == 0 {
		return wrong("has no image")
	}
	seen := map[string]bool{}
	for _, i := range l.Images {
		switch {
		case i.Name == "" || seen["image "+i.Name]:
			return wrong("image %.80q: has no name, or stands twice", i.Name)
		case i.Manifest.IsZero() || i.Config.IsZero():
			return wrong("image %s: has no manifest or config digest", i.Name)
		case len(i.VerityRoots) == 0 || len(i.VerityRoots) != len(i.DiffIDs):
			return wrong("image %s: has %d layers and %d verity roots", i.Name, len(i.DiffIDs), len(i.VerityRoots))
		}
		for n := range i.DiffIDs {
			if _, err := digest.Parse("sha256:" + i.VerityRoots[n]); err != nil || i.DiffIDs[n].IsZero() {
				return wrong("image %s: layer %d has no DiffID, or its verity root is not 64 lower-case hex digits", i.Name, n)
			}
		}
		seen["image "+i.Name] = true
	}
	for _, b := range l.Binaries {
		if b.Name == "" || seen["binary "+b.Name] || b.SHA256.IsZero() {
			return wrong("binary %.80q: has no name or digest, or stands twice", b.Name)
		}
		seen["binary "+b.Name] = true
	}
	return nil
}
