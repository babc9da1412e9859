package sealed_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// sealPadded seals plain with its size hidden.
func sealPadded(t testing.TB, context string, plain []byte) ([]byte, sealed.Entry) {
	t.Helper()
	var out bytes.Buffer
	w, err := sealed.NewWriter(&out, key(t), []byte(context))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	e := sealed.Entry{Path: context, Blob: context, Size: int64(len(plain)), Header: w.Header(), SHA256: digest.Of(plain)}
	if e.Padded, err = w.Pad(e.Size); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), e
}

// The values beyond 4 KiB are those of the paper's formula.
func TestPaddedSizes(t *testing.T) {
	for size, want := range map[int64]int64{
		0: 4096, 1: 4096, 4095: 4096, 4096: 4096, 4097: 4352, 5000: 5120, 65_480: 65_536, 100_000: 100_352,
		1 << 20: 1 << 20, 1<<20 + 1: 1<<20 + 1<<15, 1_000_000_000: 1_006_632_960, sealed.MaxSize - 1: sealed.MaxSize, sealed.MaxSize: sealed.MaxSize,
	} {
		if got := sealed.PaddedSize(size); got != want {
			t.Errorf("PaddedSize(%d) = %d, want %d", size, got, want)
		}
	}
	seen := map[int64]bool{}
	for size := int64(0); size < 1<<20; size += 7 {
		p := sealed.PaddedSize(size)
		if p < size || p > max(4096, size*112/100) || p < sealed.PaddedSize(max(0, size-7)) || sealed.PaddedSize(p) != p {
			t.Fatalf("PaddedSize(%d) = %d", size, p)
		}
		seen[p] = true
	}
	if len(seen) > 200 {
		t.Errorf("%d sizes up to 1 MiB can be told apart", len(seen))
	}
}

// paddedSizes lie around the borders of segments and of the padding.
var paddedSizes = []int{0, 1, 4095, 4096, 4097, 65_479, 65_480, 65_481, 65_536, 65_537, 131_000, 131_001, 1_113_800, 3_000_000}

func TestPaddingIsZeroBytesThatOnlyTinkSees(t *testing.T) {
	for _, n := range paddedSizes {
		plain := data(n)
		file, e := sealPadded(t, "ctx", plain)
		stream := sealed.PaddedSize(int64(n))
		if int64(len(file)) != e.SealedSize() || e.Stream() != stream || e.SealedSize() != sealed.SealedSize(stream) {
			t.Errorf("%d bytes: file of %d, entry says %d of %d", n, len(file), e.SealedSize(), e.Stream())
		}
		tr, err := tink(t).NewDecryptingReader(bytes.NewReader(file), []byte("ctx"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(tr); err != nil || !bytes.Equal(got, append(bytes.Clone(plain), make([]byte, stream-int64(n))...)) {
			t.Errorf("%d bytes: tink reads %d bytes, %v; want the plaintext and zero bytes up to %d", n, len(got), err, stream)
		}
		r, err := sealed.NewFileReader(store(file), &e, key(t), []byte("ctx"))
		if err != nil {
			t.Fatal(err)
		}
		checkRandomReads(t, r, plain)
		if err := r.CheckPadding(t.Context()); err != nil {
			t.Errorf("%d bytes: CheckPadding: %v", n, err)
		}
	}
}

func TestAChangeOfAPaddedFileIsTampered(t *testing.T) {
	for _, n := range paddedSizes {
		plain := data(n)
		file, e := sealPadded(t, "ctx", plain)
		for i := range int(sealed.Segments(e.Stream())) {
			bad := bytes.Clone(file)
			s := segment(bad, i)
			s[len(s)-20] ^= 1
			r, err := sealed.NewFileReader(store(bad), &e, key(t), []byte("ctx"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
			if n == 0 {
				_, err = r.ReadAt(nil, 0)
			}
			if !bytes.HasPrefix(plain, got) {
				t.Errorf("%d bytes, segment %d: wrong bytes came out", n, i)
			}
			if err == nil { // it is all padding
				if err = r.CheckPadding(t.Context()); int64(n) > sealed.PlainStart(int64(i)) {
					t.Errorf("%d bytes, segment %d: read without an error", n, i)
				}
			}
			if fault.KindOf(err) != fault.Tampered || err == nil {
				t.Errorf("%d bytes, segment %d: %v, want Tampered", n, i, err)
			}
		}
	}
}

// What is sealed in place of the padding by who has the key is seen too.
func TestPaddingIsNothingElse(t *testing.T) {
	file, e := sealPadded(t, "ctx", []byte("hello"))
	stream := append([]byte("hello"), make([]byte, 4091)...)
	stream[4095] = 1
	bad := reseal(t, file[:sealed.HeaderSize], "ctx", stream)
	r, err := sealed.NewFileReader(store(bad), &e, key(t), []byte("ctx"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckPadding(t.Context()); fault.KindOf(err) != fault.Tampered || err == nil || !strings.Contains(err.Error(), "not zero") {
		t.Errorf("CheckPadding = %v, want Tampered", err)
	}
}

func TestAPaddedManifestHidesItsLength(t *testing.T) {
	for _, n := range []int{0, 1, 20, 2000} {
		var list []sealed.Entry
		for i := range n {
			list = append(list, with(many(i), func(e *sealed.Entry) { e.Padded = e.Size + 7 }))
		}
		object, d := sealManifest(t, "north", 3, list, true)
		m, err := openManifest(t, object, northPin(d))
		if err != nil {
			t.Fatal(err)
		}
		if all := listed(t, m.Entries); fmt.Sprint(all) != fmt.Sprint(list) {
			t.Errorf("%d entries came back as %d, or changed", n, len(all))
		}
		plain, err := sealed.PlainSize(int64(len(object)))
		if err != nil || sealed.PaddedSize(plain) != plain {
			t.Errorf("%d entries: list of %d bytes, %v", n, plain, err)
		}
	}
}
