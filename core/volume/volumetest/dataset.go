package volumetest

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Bytes is n bytes that differ from place to place and from seed to seed.
func Bytes(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed, byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

// Key is a fixed DEK, destroyed with the test.
func Key(t testing.TB, b byte) *secret.Bytes {
	t.Helper()
	k, err := secret.New(bytes.Repeat([]byte{b}, sealed.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Destroy)
	return k
}

// signer signs the manifests of Seal.
var signer = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))

// Seal puts the files, sealed, into the store as dataset "north" of the given
// version, and returns its manifest, opened. The blobs are named blob-0, blob-1, … in
// the order of the paths, and the manifest's own is no object of the store.
func Seal(t testing.TB, s *Store, dek *secret.Bytes, version uint64, files map[string][]byte) *sealed.Manifest {
	t.Helper()
	return sealAll(t, s, dek, version, files, false)
}

// SealPadded is Seal with the sizes hidden.
func SealPadded(t testing.TB, s *Store, dek *secret.Bytes, version uint64, files map[string][]byte) *sealed.Manifest {
	t.Helper()
	return sealAll(t, s, dek, version, files, true)
}

func sealAll(t testing.TB, s *Store, dek *secret.Bytes, version uint64, files map[string][]byte, pad bool) *sealed.Manifest {
	t.Helper()
	var entries []sealed.Entry
	for i, p := range slices.Sorted(maps.Keys(files)) {
		e := sealed.Entry{Path: p, Blob: fmt.Sprintf("blob-%d", i), Size: int64(len(files[p])), SHA256: digest.Of(files[p])}
		var out bytes.Buffer
		w, err := sealed.NewWriter(&out, dek, sealed.FileContext("north", p, version))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[p]); err != nil {
			t.Fatal(err)
		}
		if pad {
			if e.Padded, err = w.Pad(e.Size); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s.Set(e.Blob, out.Bytes())
		e.Header = w.Header()
		entries = append(entries, e)
	}
	return Manifest(t, "north", version, dek, entries)
}

// Manifest seals a manifest of the entries, and opens it again.
func Manifest(t testing.TB, dataset string, version uint64, dek *secret.Bytes, entries []sealed.Entry) *sealed.Manifest {
	t.Helper()
	var out bytes.Buffer
	l, err := sealed.NewManifestWriter(&out, sealed.ManifestInfo{Dataset: dataset, Version: version, Entries: int64(len(entries))}, dek, signer)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if err := l.Add(&entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	m, err := sealed.OpenManifest(t.Context(), sealed.Memory(out.Bytes()), int64(out.Len()), dek, sealed.Pin{
		Dataset: dataset, Version: version, Digest: d, Signer: signer.Public().(ed25519.PublicKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
