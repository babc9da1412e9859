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
