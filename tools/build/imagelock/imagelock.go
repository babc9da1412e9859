// Package imagelock holds images.lock: the digests of everything that the build measured and
// the attestation policy therefore binds. It only records; who trusts what is for core/policy.
package imagelock

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
)

// Lock is the document. Its lists are sorted by name.
type Lock struct {
	Images   []Image  `json:"images"`
	Binaries []Binary `json:"binaries"`
}

// Image is one container image.
type Image struct {
	Name        string          `json:"name"`
	Manifest    digest.SHA256   `json:"manifest"`
	Config      digest.SHA256   `json:"config"`
	DiffIDs     []digest.SHA256 `json:"diffIDs"`     // of the layers, first to last
	VerityRoots []string        `json:"verityRoots"` // dm-verity root hashes of the layers, 64 hex digits each
}

// Binary is one program that is measured by itself, such as source/azblob.
type Binary struct {
	Name   string        `json:"name"`
	SHA256 digest.SHA256 `json:"sha256"`
}

// Measure returns the entry of the program in the file at path.
func Measure(name, path string) (Binary, error) {
	f, err := os.Open(path)
	if err != nil {
		return Binary{}, err
	}
	defer f.Close()
	sum, err := digest.OfReader(f)
	if err != nil {
		return Binary{}, fmt.Errorf("%s: %w", path, err)
	}
	return Binary{Name: name, SHA256: sum}, nil
}

// Marshal returns the canonical bytes of the lock, sorted. A name said twice is an error.
func (l Lock) Marshal() ([]byte, error) {
	l.Images = slices.SortedFunc(slices.Values(l.Images), func(a, b Image) int { return cmp.Compare(a.Name, b.Name) })
	l.Binaries = slices.SortedFunc(slices.Values(l.Binaries), func(a, b Binary) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(l.Images); i++ {
		if l.Images[i].Name == l.Images[i-1].Name {
			return nil, fmt.Errorf("two images are called %s", l.Images[i].Name)
		}
	}
	for i := 1; i < len(l.Binaries); i++ {
		if l.Binaries[i].Name == l.Binaries[i-1].Name {
			return nil, fmt.Errorf("two binaries are called %s", l.Binaries[i].Name)
		}
	}
	if l.Images == nil {
		l.Images = []Image{}
	}
	if l.Binaries == nil {
		l.Binaries = []Binary{}
	}
	return canonical.Marshal(l)
}
