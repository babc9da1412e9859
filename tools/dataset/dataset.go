// Package dataset is what a data provider and a consumer do outside the room:
// seal a folder, publish and verify it, and open what a room released. It never
// sends a key anywhere, and writes none but into the key files that it is told to.
package dataset

import (
	"crypto/ed25519"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// descriptionType names the format of a description: docs/formats/dataset.md.
const descriptionType = "cleanroom/dataset/v1"

// DescriptionName is the usual name of a description's file, beside the objects.
const DescriptionName = "dataset.json"

// Description is all that a specification needs to know of a sealed dataset. It
// is public: the DEK in it is wrapped under the provider's KEK.
type Description struct {
	Type           string        `json:"type"`
	Dataset        string        `json:"dataset"` // the source's name in the specification
	Version        uint64        `json:"version"`
	Manifest       string        `json:"manifest"` // object name
	ManifestDigest digest.SHA256 `json:"manifestDigest"`
	WrappedDEK     []byte        `json:"wrappedDEK"`
	SignKey        []byte        `json:"signKey"` // the provider's Ed25519 public key
}

// Progress is told of all so far, one call at a time: after each file, and within large ones
// where the work allows it.
type Progress func(files int, bytes int64)

// Bytes returns the description as its file has it.
func (d Description) Bytes() ([]byte, error) {
	b, err := canonical.Marshal(d)
	return append(b, '\n'), fault.Wrap("dataset.description", err)
}

// ReadDescription reads a description's file.
func ReadDescription(path string) (Description, error) {
	const op = "dataset.description"
	b, err := os.ReadFile(path)
	if err != nil {
		return Description{}, fault.New(fault.NotFound, op, "%w", err)
	}
	return ParseDescription(b)
}

// ParseDescription reads what Bytes wrote, strictly.
func ParseDescription(b []byte) (Description, error) {
	const op = "dataset.description"
	var d Description
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if err := canonical.Unmarshal(b, &d); err != nil {
		return Description{}, fault.New(fault.Invalid, op, "%w", err)
	}
	if d.Type != descriptionType || d.Version == 0 || d.Dataset == "" || d.Manifest == "" || len(d.SignKey) != ed25519.PublicKeySize {
		return Description{}, fault.New(fault.Invalid, op, "must be of type %s, with dataset, version, manifest and signKey", descriptionType)
	}
	return d, nil
}

// dek unwraps the dataset's key.
func (d Description) dek(kek *secret.Bytes) (*secret.Bytes, error) {
	dek, err := keyrelease.UnwrapDEK(kek, d.WrappedDEK, keyrelease.DEKContext(d.Dataset, d.Version))
	return dek, fault.Wrap("dataset.key", err)
}
