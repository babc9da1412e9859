package volumetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// Seal puts the files, sealed, into the store as dataset "north" of the given
// version, and returns its manifest. The blobs are named blob-0, blob-1, … in
// the order of the paths.
func Seal(t testing.TB, s *Store, dek *secret.Bytes, version uint64, files map[string][]byte) *sealed.Manifest {
	t.Helper()
	m := &sealed.Manifest{Dataset: "north", Version: version}
	paths := make([]string, 0, len(files))
	for p := range files {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, strings.Compare)
	for i, p := range paths {
		var out bytes.Buffer
		w, err := sealed.NewWriter(&out, dek, sealed.FileContext(m.Dataset, p, version))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[p]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		blob := fmt.Sprintf("blob-%d", i)
		s.Set(blob, out.Bytes())
		m.Entries = append(m.Entries, sealed.Entry{
			Path: p, Blob: blob, Size: int64(len(files[p])), Header: w.Header(), SHA256: digest.Of(files[p]),
		})
	}
	return m
}
