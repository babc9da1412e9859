package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// manifest seals a list of the entries, in memory, and opens it as a room does.
func manifest(ctx context.Context, dek *secret.Bytes, entries []sealed.Entry) (*sealed.Manifest, error) {
	signer := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // of data that anybody can make
	var out bytes.Buffer
	l, err := sealed.NewManifestWriter(&out, sealed.ManifestInfo{Dataset: dataset, Version: 1, Entries: int64(len(entries))}, dek, signer)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if err := l.Add(&entries[i]); err != nil {
			return nil, err
		}
	}
	d, err := l.Close()
	if err != nil {
		return nil, err
	}
	return sealed.OpenManifest(ctx, sealed.Memory(out.Bytes()), int64(out.Len()), dek, sealed.Pin{
		Dataset: dataset, Version: 1, Digest: d, Signer: signer.Public().(ed25519.PublicKey),
	})
}
