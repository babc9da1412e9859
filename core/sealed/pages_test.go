package sealed_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// many is the i-th entry of a large dataset: folders of 1,000 files.
func many(i int) sealed.Entry {
	sum := sha256.Sum256(fmt.Append(nil, i))
	d, err := digest.FromBytes(sum[:])
	if err != nil {
		panic(err)
	}
	return sealed.Entry{
		Path:   fmt.Sprintf("images/batch-%05d/scan-%07d.png", i/1000, i),
		Blob:   fmt.Sprintf("north/v3/%x", sum[:16]),
		Size:   int64(i),
		Header: append([]byte{sealed.HeaderSize}, append(sum[:], sum[:7]...)...),
		SHA256: d,
	}
}

// manyOnDisk seals n of them into a file, which the test removes.
func manyOnDisk(t testing.TB, n int) (onDisk, sealed.Pin) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	l, err := sealed.NewManifestWriter(f, sealed.ManifestInfo{Dataset: "north", Version: 3, Entries: int64(n)}, key(t), signKey(1))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		e := many(i)
		if err := l.Add(&e); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	return onDisk{f}, northPin(d)
}

type onDisk struct{ *os.File }

func (f onDisk) ReadRange(_ context.Context, off int64, p []byte) error {
	_, err := f.ReadAt(p, off)
	return err
}

func (f onDisk) size(t testing.TB) int64 {
	t.Helper()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// peakHeap is the most that f had reachable, in bytes, as the collector saw it.
func peakHeap(f func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			select {
			case <-stop:
				peak <- most
				return
			default:
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	f()
	close(stop)
	return max(<-peak, before) - before
}

// TestALongManifestIsReadInBoundedMemory opens lists of 100,000 and 200,000 entries: the
// second takes as much memory as the first but for its index.
func TestALongManifestIsReadInBoundedMemory(t *testing.T) {
	// 16 MiB of lines decoded, the buffers of the pass, and what is allocated while the
	// collector runs, which it counts. All 200,000 entries would be above: each has 300 bytes.
	const bound = 56 << 20
	for _, n := range []int{100_000, 200_000} {
		file, pin := manyOnDisk(t, n)
		size := file.size(t)
		heap := peakHeap(func() {
			m, err := sealed.OpenManifest(t.Context(), file, size, key(t), pin)
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			for e, err := range m.All(t.Context()) {
				if err != nil || e.Path != many(i).Path {
					t.Fatalf("entry %d is %q, %v", i, e.Path, err)
				}
				i++
			}
			if i != n || m.Len() != n || m.Size() != int64(n)*int64(n-1)/2 {
				t.Errorf("%d entries, Len %d, Size %d", i, m.Len(), m.Size())
			}
		})
		t.Logf("%d entries: manifest of %d MiB, %d MiB of heap", n, size>>20, heap>>20)
		if heap > bound {
			t.Errorf("%d entries took %d bytes of memory, want at most %d", n, heap, bound)
		}
	}
}

func TestEntriesAreFoundByNumberAndPath(t *testing.T) {
	const n = 120_000 // more pages than are kept
	file, pin := manyOnDisk(t, n)
	m, err := sealed.OpenManifest(t.Context(), file, file.size(t), key(t), pin)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g * 1013; i < n; i += 4999 {
				want := many(i)
				if e, err := m.At(t.Context(), i); err != nil || fmt.Sprint(e) != fmt.Sprint(want) {
					t.Errorf("At(%d) = %v, %v; want %v", i, e, err, want)
				}
				for path, number := range map[string]int{want.Path: i, want.Path + "0": i + 1, want.Path[:len(want.Path)-1]: i} {
					if got, err := m.Search(t.Context(), path); got != number || err != nil {
						t.Errorf("Search(%s) = %d, %v; want %d", path, got, err, number)
					}
				}
			}
		})
	}
	wg.Wait()
	for path, want := range map[string]int{"": 0, "a": 0, "z": n} {
		if got, err := m.Search(t.Context(), path); got != want || err != nil {
			t.Errorf("Search(%q) = %d, %v; want %d", path, got, err, want)
		}
	}
	for _, i := range []int{-1, n} {
		if _, err := m.At(t.Context(), i); err == nil {
			t.Errorf("At(%d) of %d gave an entry", i, n)
		}
	}
}

// changing is a store whose object changes after it was opened.
type changing struct {
	onDisk
	change func(off int64, p []byte) error
}

func (c *changing) ReadRange(ctx context.Context, off int64, p []byte) error {
	if err := c.onDisk.ReadRange(ctx, off, p); err != nil || c.change == nil {
		return err
	}
	return c.change(off, p)
}

// TestWhatIsReadAgainIsWhatWasPinned changes a manifest once it is open. The store may
// even have the DEK, and give other segments with good tags.
func TestWhatIsReadAgainIsWhatWasPinned(t *testing.T) {
	const n = 120_000
	file, pin := manyOnDisk(t, n)
	gone := errors.New("gone")
	for name, tc := range map[string]struct {
		change func(off int64, p []byte) error
		want   fault.Kind
	}{
		"a flipped bit": {func(_ int64, p []byte) error { p[len(p)/2] ^= 1; return nil }, fault.Tampered},
		"nothing":       {func(_ int64, p []byte) error { clear(p); return nil }, fault.Tampered},
		"another place": {func(_ int64, p []byte) error { return file.ReadRange(t.Context(), 0, p) }, fault.Tampered},
		"a store that is away": {func(int64, []byte) error {
			return fault.New(fault.Unavailable, "store", "%w", gone)
		}, fault.Unavailable},
		"an interrupt": {func(int64, []byte) error { return context.Canceled }, fault.Interrupted},
	} {
		t.Run(name, func(t *testing.T) {
			src := &changing{onDisk: file}
			m, err := sealed.OpenManifest(t.Context(), src, file.size(t), key(t), pin)
			if err != nil {
				t.Fatal(err)
			}
			src.change = tc.change
			if _, err := m.At(t.Context(), 1000); err != nil {
				t.Errorf("what is in memory: %v", err)
			}
			if e, err := m.At(t.Context(), n-1); err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("At = %v, %v; want %v", e, err, tc.want)
			}
			if i, err := m.Search(t.Context(), many(n-1).Path); err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("Search = %d, %v; want %v", i, err, tc.want)
			}
			src.change = nil
			if _, err := m.At(t.Context(), n-1); err != nil {
				t.Errorf("after it came back: %v", err)
			}
		})
	}
}

// TestAResealedSegmentIsTampered gives, on the second read, a segment that the DEK's
// holder sealed in another's place: its tag is good, and it was never pinned.
func TestAResealedSegmentIsTampered(t *testing.T) {
	const n = 120_000
	file, pin := manyOnDisk(t, n)
	object := make([]byte, file.size(t))
	if err := file.ReadRange(t.Context(), 0, object); err != nil {
		t.Fatal(err)
	}
	const manifestContext = "cleanroom/manifest/v1\nnorth\n3"
	r, err := sealed.NewReader(store(object), int64(len(object)), key(t), []byte(manifestContext))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		t.Fatal(err)
	}
	plain = bytes.ReplaceAll(plain, []byte("/scan-"), []byte("/scam-"))
	other := reseal(t, object[:sealed.HeaderSize], manifestContext, plain)
	if _, err := sealed.NewReader(store(other), int64(len(other)), key(t), []byte(manifestContext)); err != nil {
		t.Fatal(err)
	}
	src := &changing{onDisk: file}
	m, err := sealed.OpenManifest(t.Context(), src, file.size(t), key(t), pin)
	if err != nil {
		t.Fatal(err)
	}
	src.change = func(off int64, p []byte) error { copy(p, other[off:]); return nil }
	if e, err := m.At(t.Context(), n-1); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("At = %v, %v; want Tampered", e, err)
	}
}

func TestAFailingStoreFailsTheOpening(t *testing.T) {
	file, pin := manyOnDisk(t, 30_000) // several ranges
	for kind, err := range map[fault.Kind]error{
		fault.Unavailable: fault.New(fault.Unavailable, "store", "away"),
		fault.Interrupted: context.Canceled,
	} {
		for from := range int64(3) {
			src := &changing{onDisk: file, change: func(off int64, _ []byte) error {
				if off >= from*3<<20 {
					return err
				}
				return nil
			}}
			if _, err := sealed.OpenManifest(t.Context(), src, file.size(t), key(t), pin); err == nil || fault.KindOf(err) != kind {
				t.Errorf("store failing from %d MiB: %v, want %v", from*3, err, kind)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sealed.OpenManifest(ctx, file, file.size(t), key(t), pin); fault.KindOf(err) != fault.Interrupted {
		t.Errorf("opened with an ended context: %v", err)
	}
}

func TestTheWriterHoldsToWhatWasAnnounced(t *testing.T) {
	list := entries("a", "b")
	for name, announced := range map[string]int64{"more": 1, "fewer": 3} {
		t.Run(name+" entries are refused", func(t *testing.T) {
			l, err := sealed.NewManifestWriter(io.Discard, sealed.ManifestInfo{Dataset: "d", Version: 1, Entries: announced}, key(t), signKey(1))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := addAll(l, list, false); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want Invalid", err)
			}
		})
	}
}

// A blob may be named twice: its file's key is bound to one path, so it opens as no other.
func TestABlobNamedTwiceOpensAsOneFile(t *testing.T) {
	file := seal(t, key(t), string(sealed.FileContext("north", "a", 3)), []byte("hello"))
	a := with(entry("a", 5), func(e *sealed.Entry) { e.Header = file[:sealed.HeaderSize] })
	b := a
	b.Path = "b"
	object, d := sealManifest(t, "north", 3, []sealed.Entry{a, b}, false)
	m, err := openManifest(t, object, northPin(d))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []fault.Kind{fault.Internal, fault.Tampered} {
		e := listed(t, m.Entries)[i]
		r, err := sealed.NewFileReader(store(file), &e, key(t), m.FileContext(&e))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if fault.KindOf(err) != want || (err == nil) != (i == 0) {
			t.Errorf("%s: %q, %v", e.Path, got, err)
		}
	}
}

func TestAnEarlierVersionsFileKeepsItsContext(t *testing.T) {
	list := entries("a", "b")
	list[1].Version = 2
	object, d := sealManifest(t, "north", 3, list, false)
	m, err := openManifest(t, object, northPin(d))
	if err != nil {
		t.Fatal(err)
	}
	for i, version := range []uint64{3, 2} {
		e := listed(t, m.Entries)[i]
		if got, want := m.FileContext(&e), sealed.FileContext("north", e.Path, version); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", e.Path, got, want)
		}
	}
}

func BenchmarkOpenAMillionEntries(b *testing.B) {
	file, pin := manyOnDisk(b, 1_000_000)
	b.SetBytes(file.size(b))
	b.ReportMetric(float64(file.size(b))/(1<<20), "MiB")
	for b.Loop() {
		if _, err := sealed.OpenManifest(b.Context(), file, file.size(b), key(b), pin); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealAMillionEntries(b *testing.B) {
	for b.Loop() {
		manyOnDisk(b, 1_000_000)
	}
}
