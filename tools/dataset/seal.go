package dataset

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/sealing"
)

// SealOptions say what Seal seals, and where to.
type SealOptions struct {
	Dir      string      // whose files are the dataset; regular files and folders only
	Sink     volume.Sink // a Folder, to be published later, or a store directly
	Dataset  string      // the source's name in the specification
	Version  uint64      // at least 1; higher with each publication
	KEK      *secret.Bytes
	Signer   ed25519.PrivateKey
	Pad      bool     // the store is not to see the files' sizes, nor the manifest's
	Progress Progress // may be nil
}

// Prefix is where the objects of a version lie.
func Prefix(dataset string, version uint64) string { return fmt.Sprintf("%s/v%d", dataset, version) }

// Seal seals every file under o.Dir with a fresh DEK into objects with random
// names, and then writes the signed manifest. A version that is there already is
// Denied; on any error what was stored is deleted again. Memory is bounded,
// whatever the size of the dataset.
func Seal(ctx context.Context, o SealOptions) (Description, error) {
	const op = "dataset.seal"
	if o.Sink == nil || o.Version == 0 || sealed.CheckPath(o.Dataset) != nil || len(o.Signer) != ed25519.PrivateKeySize {
		return Description{}, fault.New(fault.Invalid, op, "needs a sink, a name, a version of at least 1 and a signing key")
	}
	dek, err := secret.Read(rand.Reader, sealed.KeySize)
	if err != nil {
		return Description{}, fault.Wrap(op, err)
	}
	defer dek.Destroy()
	wrapped, err := keyrelease.WrapDEK(o.KEK, dek, keyrelease.DEKContext(o.Dataset, o.Version))
	if err != nil {
		return Description{}, fault.Wrap(op, err)
	}
	b := &sealing.Batch{Sink: o.Sink, Prefix: Prefix(o.Dataset, o.Version), Progress: o.Progress, Pad: o.Pad}
	d, err := seal(ctx, o, b, dek)
	if err != nil {
		b.Clean(ctx)
		return Description{}, fault.Wrap(op, err)
	}
	d.WrappedDEK = wrapped
	return d, nil
}

func seal(ctx context.Context, o SealOptions, b *sealing.Batch, dek *secret.Bytes) (Description, error) {
	entries, err := b.Files(ctx, o.Dir, sealed.MaxSize, dek, func(path string) []byte {
		return sealed.FileContext(o.Dataset, path, o.Version)
	})
	if err != nil {
		return Description{}, err
	}
	var object bytes.Buffer
	list, err := sealed.NewManifestWriter(&object, sealed.ManifestInfo{Dataset: o.Dataset, Version: o.Version, Entries: int64(len(entries))}, dek, o.Signer)
	if err != nil {
		return Description{}, err
	}
	list.Pad = o.Pad
	for i := range entries {
		if err := list.Add(&entries[i]); err != nil {
			return Description{}, err
		}
	}
	sum, err := list.Close()
	if err != nil {
		return Description{}, err
	}
	d := Description{
		Type: descriptionType, Dataset: o.Dataset, Version: o.Version,
		Manifest: b.Prefix + "/" + volume.ManifestName, ManifestDigest: sum,
		SignKey: o.Signer.Public().(ed25519.PublicKey),
	}
	return d, b.Publish(ctx, d.Manifest, object.Bytes())
}
