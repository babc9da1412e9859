package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

func TestTinkReadsWhatWeWrite(t *testing.T) {
	for _, n := range sizes {
		plain := data(n)
		file := seal(t, key(t), "ctx", plain)
		r, err := tink(t).NewDecryptingReader(bytes.NewReader(file), []byte("ctx"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: tink read %d bytes, %v", n, len(got), err)
		}
		if int64(len(file)) != sealed.SealedSize(int64(n)) {
			t.Errorf("SealedSize(%d) = %d, the file has %d", n, sealed.SealedSize(int64(n)), len(file))
		}
		if p, err := sealed.PlainSize(int64(len(file))); err != nil || p != int64(n) {
			t.Errorf("PlainSize(%d) = %d, %v, want %d", len(file), p, err, n)
		}
	}
}

func TestWeReadWhatTinkWritesAtAnyOffset(t *testing.T) {
	for _, n := range sizes {
		plain := data(n)
		var out bytes.Buffer
		w, err := tink(t).NewEncryptingWriter(&out, []byte("ctx"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := sealed.NewReader(store(out.Bytes()), int64(out.Len()), key(t), []byte("ctx"))
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		checkRandomReads(t, r, plain)
	}
}

// checkRandomReads reads from several goroutines, whole and in pieces.
func checkRandomReads(t *testing.T, r *sealed.Reader, plain []byte) {
	t.Helper()
	n := len(plain)
	all := make([]byte, n)
	if m, err := r.ReadAt(all, 0); m != n || (err != nil && err != io.EOF) || !bytes.Equal(all, plain) {
		t.Errorf("%d bytes: ReadAt(all) = %d, %v", n, m, err)
	}
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(g, uint64(n)))
			for range 40 {
				off, size := rnd.IntN(n+2), rnd.IntN(150_000)
				p := make([]byte, size)
				m, err := r.ReadAt(p, int64(off))
				want := plain[min(off, n):min(off+size, n)]
				if !bytes.Equal(p[:m], want) || (m < size) != errors.Is(err, io.EOF) {
					t.Errorf("%d bytes: ReadAt(%d bytes, %d) = %d, %v", n, size, off, m, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAnyChunkingWritesTheSameLength(t *testing.T) {
	plain := data(200_000)
	for _, step := range []int{1 << 20, 65_480, 65_520, 65_481, 997} {
		var out bytes.Buffer
		w, err := sealed.NewWriter(&out, key(t), []byte("ctx"))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(plain); i += step {
			if _, err := w.Write(plain[i:min(i+step, len(plain))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte{1}); err == nil {
			t.Error("a closed file took more bytes")
		}
		r, err := sealed.NewReader(store(out.Bytes()), int64(out.Len()), key(t), []byte("ctx"))
		if err != nil {
			t.Fatalf("steps of %d: %v", step, err)
		}
		if !bytes.Equal(r.Header(), w.Header()) {
			t.Error("Header of writer and reader differ")
		}
		checkRandomReads(t, r, plain)
	}
}

func TestContextsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, d := range []string{"a", "ab", "a1"} {
		for _, v := range []uint64{1, 11, 2} {
			for _, p := range []string{"x", "1/x", "x\n1"} {
				c := string(sealed.FileContext(d, p, v))
				what := fmt.Sprintf("%q %d %q", d, v, p)
				if other, twice := seen[c]; twice {
					t.Errorf("FileContext of %s and %s are the same", what, other)
				}
				seen[c] = what
			}
		}
	}
}

func TestNoAllocationForASegment(t *testing.T) {
	plain := data(10 * sealed.SegmentPlain)
	file := seal(t, key(t), "ctx", plain)
	o, err := sealed.NewOpener(key(t), file[:sealed.HeaderSize], []byte("ctx"), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, sealed.SegmentPlain)
	got := testing.AllocsPerRun(200, func() {
		if _, err := o.Open(dst, 3, file[3*sealed.SegmentSize:4*sealed.SegmentSize]); err != nil {
			t.Fatal(err)
		}
	})
	if got >= 1 && !raceEnabled { // the race detector makes sync.Pool drop at random
		t.Errorf("Open allocates %v times for a segment", got)
	}
}

func BenchmarkSeal(b *testing.B) {
	plain := data(16 << 20)
	w, err := sealed.NewWriter(io.Discard, key(b), []byte("ctx"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	plain := data(16 << 20)
	file := seal(b, key(b), "ctx", plain)
	r, err := sealed.NewReader(store(file), int64(len(file)), key(b), []byte("ctx"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadAt(plain, 0); err != nil {
			b.Fatal(err)
		}
	}
}
