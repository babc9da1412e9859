package sealed

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func lineOf(t testing.TB, change func(*Entry)) []byte {
	t.Helper()
	e := Entry{Path: "a/b", Blob: "north/v3/5e", Size: 1234, Header: append([]byte{HeaderSize}, make([]byte, HeaderSize-1)...), SHA256: digest.Of(nil)}
	change(&e)
	b, err := appendEntry(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seeds are lines of the form, and near it.
func seeds(t testing.TB) [][]byte {
	good := lineOf(t, func(*Entry) {})
	out := [][]byte{
		good,
		lineOf(t, func(e *Entry) { e.Path = "ä/\u2028\"\\\n\x7f<&>\t\b\f\x01" }),
		lineOf(t, func(e *Entry) { e.Size, e.Padded = 0, 4096 }),
		lineOf(t, func(e *Entry) { e.Version = 1 << 53 }),
		lineOf(t, func(e *Entry) { e.Size = MaxSize }),
		{}, []byte("{}"), []byte("null"),
	}
	for old, now := range map[string]string{
		`"size":1234`: `"size":01234`, `1234}`: `1234.0}`, `:1234}`: `:-0}`, `{"blob"`: `{ "blob"`, `"path"`: `"Path"`, `a/b`: `a\/b`,
		`"a/`: `"\u0061/`, `4}`: `4,"version":0}`, `KAAA`: `KAA\n`, `"sha256":"sha256:e3`: `"sha256":"sha256:E3`, `AA==`: `AB==`, `AAAA==`: `AAAAAA`, `,"path":`: `,"padded":0,"path":`,
	} {
		out = append(out, bytes.Replace(good, []byte(old), []byte(now), 1))
	}
	return out
}

// compareLine reads a line with the fast parser and as any other canonical JSON.
func compareLine(t *testing.T, line []byte) {
	t.Helper()
	got, err := parseEntry(line)
	var want Entry
	wantErr := canonical.Unmarshal(line, &want)
	if wantErr == nil {
		wantErr = want.check()
	}
	if (err == nil) != (wantErr == nil) || err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q: %v, %v; canonical JSON says %v, %v", line, got, err, want, wantErr)
	}
	if err != nil {
		return
	}
	if again, err := appendEntry(nil, &got); err != nil || !bytes.Equal(again, line) {
		t.Fatalf("%q is written as %q, %v", line, again, err)
	}
}

func TestLinesAreCanonicalJSON(t *testing.T) {
	for _, line := range seeds(t) {
		compareLine(t, line)
	}
	for c := range 256 { // every byte, in a string and as one
		compareLine(t, lineOf(t, func(e *Entry) { e.Path = string(rune(c)) + "x" }))
		compareLine(t, bytes.Replace(lineOf(t, func(*Entry) {}), []byte("a/b"), []byte{'a', byte(c), 'b'}, 1))
	}
}

// FuzzEntryLine: a line is read as core/canonical reads it, or refused as it does.
func FuzzEntryLine(f *testing.F) {
	for _, line := range seeds(f) {
		f.Add(line)
	}
	f.Fuzz(compareLine)
}

// FuzzList: whatever the lines are, below the seal, and signed by the right key, a list is
// accepted only if it would be written so again, in order, no file being a folder; and
// after the signature only if there is nothing but zero bytes.
func FuzzList(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{}, []byte{0, 0})
	f.Add([]byte{}, []byte{0, 1})
	one := append(lineOf(f, func(*Entry) {}), '\n')
	f.Add(one, []byte{})
	f.Add(append(bytes.Clone(one), one...), []byte{})
	f.Add(append(append(lineOf(f, func(e *Entry) { e.Path = "a" }), '\n'), one...), []byte("\n"))
	f.Add(append(bytes.Clone(one), append(lineOf(f, func(e *Entry) { e.Path = "a/b-"; e.Version = 2 }), '\n')...), []byte{0})
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	f.Fuzz(func(t *testing.T, body, tail []byte) {
		h := sha256.New()
		h.Write(body)
		sig, err := canonical.Marshal(signature{ed25519.Sign(key, signed("d", h))})
		if err != nil {
			t.Fatal(err)
		}
		text := append(append(append(bytes.Clone(body), sig...), '\n'), tail...)
		l := &lines{r: bufio.NewReaderSize(bytes.NewReader(text), 2*maxLine), hash: sha256.New()}
		var got []Entry
		err = l.entries(int64(bytes.Count(body, []byte("\n"))), 3, func(e *Entry, off int64, common int) {
			if !bytes.HasPrefix(body[off:], []byte(`{"blob":`)) {
				t.Fatalf("entry %d is said to begin at %d", len(got), off)
			}
			if n := len(got); n > 0 && (got[n-1].Path[:common] != e.Path[:common] || common < len(e.Path) && common < len(got[n-1].Path) && got[n-1].Path[common] == e.Path[common]) {
				t.Fatalf("%q and %q are said to share %d bytes", got[n-1].Path, e.Path, common)
			}
			got = append(got, *e)
		})
		if err == nil {
			err = l.finish("d", key.Public().(ed25519.PublicKey))
		}
		if err != nil {
			if fault.KindOf(err) != fault.Tampered {
				t.Fatalf("%v is %v, want Tampered", err, fault.KindOf(err))
			}
			return
		}
		var again []byte
		for i := range got {
			if again, err = appendEntry(again, &got[i]); err != nil {
				t.Fatal(err)
			}
			again = append(again, '\n')
			for k := range i {
				if got[k].Path >= got[i].Path || strings.HasPrefix(got[i].Path, got[k].Path+"/") {
					t.Fatalf("%q after %q was accepted", got[i].Path, got[k].Path)
				}
			}
			if got[i].Version >= 3 {
				t.Fatalf("version %d was accepted in version 3", got[i].Version)
			}
		}
		if !bytes.Equal(again, body) || !allZero(tail) {
			t.Fatalf("%q was accepted", text)
		}
	})
}
