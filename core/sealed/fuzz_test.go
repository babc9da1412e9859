package sealed_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// FuzzReader: whatever the file, it opens to what tink-go opens it to, or is refused.
func FuzzReader(f *testing.F) {
	f.Add([]byte{}, int64(0), 10)
	f.Add(seal(f, key(f), "ctx", nil), int64(0), 0)
	f.Add(seal(f, key(f), "ctx", []byte("hello")), int64(1), 3)
	f.Add(seal(f, key(f), "ctx", data(70_000)), int64(65_470), 20)
	k := key(f)
	f.Fuzz(func(t *testing.T, file []byte, off int64, n int) {
		r, err := sealed.NewReader(store(file), int64(len(file)), k, []byte("ctx"))
		if err != nil {
			return
		}
		got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if r.Size() == 0 {
			_, err = r.ReadAt(nil, 0)
			if err == io.EOF {
				err = nil
			}
		}
		tr, tinkErr := tink(t).NewDecryptingReader(bytes.NewReader(file), []byte("ctx"))
		var want []byte
		if tinkErr == nil {
			want, tinkErr = io.ReadAll(tr)
		}
		if (err == nil) != (tinkErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("ours: %d bytes, %v; tink: %d bytes, %v", len(got), err, len(want), tinkErr)
		}
		if err != nil && fault.KindOf(err) != fault.Tampered {
			t.Fatalf("%v is %v, want Tampered", err, fault.KindOf(err))
		}
		if err == nil && off >= 0 && n >= 0 && n < 1<<20 {
			p := make([]byte, n)
			m, _ := r.ReadAt(p, off)
			from := min(off, int64(len(want)))
			if !bytes.Equal(p[:m], want[from:min(from+int64(n), int64(len(want)))]) {
				t.Fatalf("ReadAt(%d, %d) differs", n, off)
			}
		}
	})
}

// FuzzRoundTrip: what we write, tink-go reads.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hello"), "ctx", 3)
	f.Add(data(70_000), "", 65_480)
	k := key(f)
	f.Fuzz(func(t *testing.T, plain []byte, context string, step int) {
		var out bytes.Buffer
		w, err := sealed.NewWriter(&out, k, []byte(context))
		if err != nil {
			t.Fatal(err)
		}
		step = max(1, step)
		for rest := plain; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			if _, err := w.Write(rest[:min(step, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := tink(t).NewDecryptingReader(&out, []byte(context))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("tink read %d bytes of %d, %v", len(got), len(plain), err)
		}
	})
}

// FuzzManifest: no list of bytes, properly sealed, makes OpenManifest accept what was not signed.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"dataset":"north","entries":0,"type":"cleanroom/manifest/v1","version":3}` + "\n" + `{"signature":""}` + "\n"))
	f.Add([]byte("\n\n"))
	k := key(f)
	f.Fuzz(func(t *testing.T, plain []byte) {
		object := seal(t, k, "cleanroom/manifest/v1\nnorth\n3", plain)
		m, err := openManifest(t, object, northPin(digest.Of(object)))
		if err == nil || fault.KindOf(err) != fault.Tampered {
			t.Fatalf("OpenManifest = %v, %v; want Tampered", m, err)
		}
	})
}

// FuzzOutputManifest: unsigned bytes from outside are refused, without a panic.
func FuzzOutputManifest(f *testing.F) {
	private, pub := sealKey(f)
	o, list := output()
	object, _ := sealOutput(f, o, list, pub)
	f.Add(object)
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, _, err := openOutput(b, private, sealed.OutputPin{Contract: o.Contract, Digest: digest.Of(b), Signer: public(signKey(2))}); err == nil {
			t.Fatalf("accepted %v", got)
		}
	})
}

// FuzzTinkFile: what tink-go writes, we read at any place.
func FuzzTinkFile(f *testing.F) {
	f.Add([]byte("hello"), "ctx", uint32(0), int64(1), 3)
	f.Add([]byte{}, "", uint32(0), int64(0), 1)
	f.Add([]byte("x"), "ctx", uint32(65_480), int64(65_479), 2)
	f.Add([]byte("x"), "ctx", uint32(131_000), int64(60_000), 80_000)
	k := key(f)
	f.Fuzz(func(t *testing.T, begin []byte, context string, more uint32, off int64, n int) {
		plain := append(bytes.Clone(begin), data(int(more%300_000))...)
		var out bytes.Buffer
		w, err := tink(t).NewEncryptingWriter(&out, []byte(context))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := sealed.NewReader(store(out.Bytes()), int64(out.Len()), k, []byte(context))
		if err != nil || r.Size() != int64(len(plain)) {
			t.Fatalf("%d bytes: %v", len(plain), err)
		}
		if off < 0 || n < 0 {
			return
		}
		p := make([]byte, n%500_000)
		m, err := r.ReadAt(p, off)
		from := min(off, int64(len(plain)))
		want := plain[from:min(from+int64(len(p)), int64(len(plain)))]
		if !bytes.Equal(p[:m], want) || (err != nil && err != io.EOF) {
			t.Fatalf("ReadAt(%d, %d) of %d = %d bytes, %v; want %d", len(p), off, len(plain), m, err, len(want))
		}
	})
}

// FuzzChangedFile: of a file whose bytes were changed, cut, moved or made longer, nothing
// comes out but what was sealed, and the change is Tampered.
func FuzzChangedFile(f *testing.F) {
	f.Add(uint32(5), false, []byte{0, 0, 0, 50, 1})
	f.Add(uint32(65_481), false, []byte{1, 1, 0, 1, 0})
	f.Add(uint32(131_001), true, []byte{2, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	f.Add(uint32(0), true, []byte{3, 0, 0, 9, 9})
	f.Add(uint32(200_000), false, []byte{4, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, size uint32, pad bool, edits []byte) {
		plain := data(int(size % 300_000))
		file, e := fixed(t, plain, pad)
		bad := bytes.Clone(file)
		for ; len(edits) >= 5 && len(bad) < 1<<20; edits = edits[5:] {
			bad = edit(bad, edits[0], int(edits[1])<<16|int(edits[2])<<8|int(edits[3]), edits[4])
		}
		var got []byte
		err := error(fault.New(fault.Tampered, "stat", "size"))
		if int64(len(bad)) == e.SealedSize() { // else the volume says so
			got, err = readFile(t, bad, e)
		}
		if !bytes.HasPrefix(plain, got) {
			t.Fatalf("wrong bytes came out: %d of %d", len(got), len(plain))
		}
		if same := bytes.Equal(bad, file); same != (err == nil) || same && !bytes.Equal(got, plain) {
			t.Fatalf("same is %v, and reading it gives %d of %d bytes, %v", same, len(got), len(plain), err)
		}
		if err != nil && fault.KindOf(err) != fault.Tampered {
			t.Fatalf("%v is %v, want Tampered", err, fault.KindOf(err))
		}
	})
}

// fixed seals under a header that is always the same, so that a finding can be repeated.
func fixed(t testing.TB, plain []byte, pad bool) ([]byte, sealed.Entry) {
	e := sealed.Entry{Path: "f", Size: int64(len(plain)), Header: append([]byte{sealed.HeaderSize}, data(sealed.HeaderSize-1)...)}
	if p := sealed.PaddedSize(e.Size); pad && p > e.Size {
		e.Padded = p
	}
	return reseal(t, e.Header, "ctx", append(bytes.Clone(plain), make([]byte, e.Stream()-e.Size)...)), e
}

// edit changes b in one way, at a place that is taken modulo what there is.
func edit(b []byte, how byte, at int, value byte) []byte {
	if len(b) == 0 {
		return append(b, value)
	}
	at %= len(b)
	other := int(value) * sealed.SegmentSize % len(b)
	switch how % 6 {
	case 0:
		b[at] ^= value
	case 1:
		return b[:at]
	case 2: // one segment over another
		i := at / sealed.SegmentSize * sealed.SegmentSize
		copy(b[i:min(i+sealed.SegmentSize, len(b))], b[other:min(other+sealed.SegmentSize, len(b))])
	case 3:
		return append(b[:at:at], append([]byte{value}, b[at:]...)...)
	case 4:
		clear(b[at:min(at+1+int(value), len(b))])
	case 5:
		return append(b[:at], b[at+1:]...)
	}
	return b
}

func readFile(t testing.TB, file []byte, e sealed.Entry) ([]byte, error) {
	r, err := sealed.NewFileReader(store(file), &e, key(t), []byte("ctx"))
	if err != nil {
		return nil, err
	}
	if e.Size == 0 {
		if _, err := r.ReadAt(nil, 0); err != io.EOF {
			return nil, err
		}
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err == nil {
		err = r.CheckPadding(t.Context())
	}
	return got, err
}
