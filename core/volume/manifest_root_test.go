package volume_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// longDataset is a dataset of n files whose manifest lies in the store, as a room finds it.
func longDataset(t testing.TB, s *volumetest.Store, n int) volume.Dataset {
	t.Helper()
	dek, signer := volumetest.Key(t, 1), ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	var out bytes.Buffer
	l, err := sealed.NewManifestWriter(&out, sealed.ManifestInfo{Dataset: "north", Version: 1, Entries: int64(n)}, dek, signer)
	if err != nil {
		t.Fatal(err)
	}
	header := append([]byte{sealed.HeaderSize}, make([]byte, sealed.HeaderSize-1)...)
	for i := range n {
		e := sealed.Entry{Path: fmt.Sprintf("d/f%07d", i), Blob: fmt.Sprintf("north/v1/%032d", i), Size: int64(i), Header: header, SHA256: digest.Of(nil)}
		if err := l.Add(&e); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	s.Set("manifest", out.Bytes())
	ctx, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	o, err := volume.OpenObject(ctx, s, "manifest", volume.MaxManifest)
	if err != nil {
		t.Fatal(err)
	}
	m, err := sealed.OpenManifest(ctx, o, o.Size(), dek, sealed.Pin{
		Dataset: "north", Version: 1, Digest: d, Signer: signer.Public().(ed25519.PublicKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	return volume.Dataset{Name: "north", Manifest: m, Source: s, DEK: dek}
}

// A manifest of which not all is in memory is read again while it is mounted. Once that
// gives other bytes the mount stops, as it does for a file's.
func TestAManifestThatChangesStopsTheMount(t *testing.T) {
	const n = 90_000 // more than the pages in memory hold
	for name, tc := range map[string]struct {
		use   func(dir string) error
		alter func(s *volumetest.Store)
		want  fault.Kind
	}{
		"a look-up of changed bytes": {
			func(dir string) error {
				_, err := os.Stat(filepath.Join(dir, "d", fmt.Sprintf("f%07d", n-1)))
				return err
			},
			func(s *volumetest.Store) {
				s.Corrupt("manifest", func(b []byte) []byte { b[len(b)-5000] ^= 1; return b })
			}, fault.Tampered,
		},
		"a listing of changed bytes": {
			func(dir string) error { _, err := os.ReadDir(filepath.Join(dir, "d")); return err },
			func(s *volumetest.Store) {
				s.Corrupt("manifest", func(b []byte) []byte { b[len(b)-5000] ^= 1; return b })
			}, fault.Tampered,
		},
		"a manifest that is gone": {
			func(dir string) error { _, err := os.ReadDir(filepath.Join(dir, "d")); return err },
			func(s *volumetest.Store) { s.Remove("manifest") }, fault.Tampered,
		},
		"another version of it": {
			func(dir string) error { _, err := os.ReadDir(filepath.Join(dir, "d")); return err },
			func(s *volumetest.Store) { s.Set("manifest", s.Get("manifest")) }, fault.Tampered,
		},
	} {
		t.Run(name, func(t *testing.T) {
			mountable(t)
			s := &volumetest.Store{}
			dir, m := mountDataset(t, longDataset(t, s, n), volume.Options{})
			tc.alter(s)
			if err := tc.use(dir); !errors.Is(err, syscall.EIO) {
				t.Errorf("got %v, want EIO", err)
			}
			if err := m.Err(); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("fault = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestALongManifestIsListedWhole(t *testing.T) {
	mountable(t)
	const n = 90_000
	s := &volumetest.Store{}
	dir, m := mountDataset(t, longDataset(t, s, n), volume.Options{})
	for range 2 {
		list, err := os.ReadDir(filepath.Join(dir, "d"))
		if err != nil || len(list) != n {
			t.Fatalf("%d names, %v; want %d", len(list), err, n)
		}
		for _, i := range []int{0, 1, n / 2, n - 1} {
			st, err := list[i].Info()
			if err != nil || st.Name() != fmt.Sprintf("f%07d", i) || st.Size() != int64(i) {
				t.Errorf("entry %d: %v, %v", i, st, err)
			}
		}
	}
	if err := m.Err(); err != nil {
		t.Error(err)
	}
}

// Hidden sizes are hidden from the store, and from nobody else.
func TestPaddedFilesAreReadAsTheyWere(t *testing.T) {
	mountable(t)
	s, dek := &volumetest.Store{}, volumetest.Key(t, 1)
	files := map[string][]byte{}
	for _, n := range []int{0, 1, 4095, 4096, 4097, 65_480, 65_481, 131_001, 3_000_000} {
		files[fmt.Sprintf("f%07d", n)] = volumetest.Bytes(n, 1)
	}
	ds := volume.Dataset{Name: "north", Manifest: volumetest.SealPadded(t, s, dek, 1, files), Source: s, DEK: dek}
	dir, m := mountDataset(t, ds, volume.Options{})
	for name, want := range files {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Size() != int64(len(want)) {
			t.Errorf("%s: %v, %v", name, st, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	for _, name := range s.Names() {
		if plain, err := sealed.PlainSize(int64(len(s.Get(name)))); err != nil || sealed.PaddedSize(plain) != plain {
			t.Errorf("%s shows its size: %d, %v", name, plain, err)
		}
	}
	if err := m.Err(); err != nil {
		t.Error(err)
	}
}

// A padded file that is cut to its plaintext, or whose plaintext is changed, is Tampered.
func TestAChangedPaddedFileStopsTheView(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"cut":    func(b []byte) []byte { return b[:sealed.SealedSize(100_001)] },
		"a flip": func(b []byte) []byte { b[70_000] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			s, dek, plain := &volumetest.Store{}, volumetest.Key(t, 1), volumetest.Bytes(100_001, 1)
			ds := volume.Dataset{Name: "north", Manifest: volumetest.SealPadded(t, s, dek, 1, map[string][]byte{"a": plain}), Source: s, DEK: dek}
			s.Corrupt("blob-0", change)
			checkRefused(t, name, ds, plain, fault.Tampered)
		})
	}
}

// BenchmarkListAndStat lists a cold folder of 10,000 files with the size of each. The limit
// is 100 ms. Nothing is asked of the store.
func BenchmarkListAndStat(b *testing.B) {
	mountable(b)
	const n = 10_000
	var asked atomic.Int64
	s := &volumetest.Store{}
	ds := longDataset(b, s, n)
	s.OnRead = func(context.Context, object.Info, int64, []byte) error { asked.Add(1); return nil }
	for b.Loop() {
		b.StopTimer()
		dir, m := mountDataset(b, ds, volume.Options{})
		b.StartTimer()
		list, err := os.ReadDir(filepath.Join(dir, "d"))
		if err != nil || len(list) != n {
			b.Fatalf("%d names, %v", len(list), err)
		}
		for i, e := range list {
			st, err := e.Info()
			if err != nil || st.Size() != int64(i) {
				b.Fatalf("%s: %v", e.Name(), err)
			}
		}
		b.StopTimer()
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	if n := asked.Load(); n != 0 {
		b.Errorf("the store was asked %d times", n)
	}
}
