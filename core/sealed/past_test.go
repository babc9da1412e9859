package sealed_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

var update = flag.Bool("update", false, "write example data of a new version; what exists is never written again")

// past is testdata/v1/index.json: what the example data is. The DEK is 32 bytes
// of 7, the signer's seed 32 bytes of 1; the recipient's key is for these files alone.
type past struct {
	Recipient []byte                   `json:"recipient"`
	Files     map[string]digest.SHA256 `json:"files"` // of the plaintext; context is the file's name
	Manifest  digest.SHA256            `json:"manifest"`
	Output    digest.SHA256            `json:"output"`
}

const v1 = "testdata/v1"

func pastFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(v1, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestV1StillOpens holds the format: data that was sealed once opens for ever.
func TestV1StillOpens(t *testing.T) {
	if _, err := os.Stat(v1); *update && os.IsNotExist(err) {
		makeV1(t)
	}
	var p past
	if err := json.Unmarshal(pastFile(t, "index.json"), &p); err != nil {
		t.Fatal(err)
	}
	for name, want := range p.Files {
		file := pastFile(t, name)
		plain, err := open(t, file, name)
		if err != nil || !digest.Of(plain).Equal(want) {
			t.Errorf("%s: %d bytes, %v", name, len(plain), err)
		}
		for i := range file { // every byte of the small ones, some of the large
			if len(file) > 1000 && i%4099 != 0 && i > 50 && i < len(file)-20 {
				continue
			}
			bad := bytes.Clone(file)
			bad[i] ^= 1
			if _, err := open(t, bad, name); fault.KindOf(err) != fault.Tampered || err == nil {
				t.Errorf("%s with a bit of byte %d changed: %v, want Tampered", name, i, err)
			}
		}
	}
	m, err := openManifest(t, pastFile(t, "manifest"), northPin(p.Manifest))
	if err != nil {
		t.Fatal(err)
	}
	if list := listed(t, m.Entries); fmt.Sprint(list) != fmt.Sprint(entries("a", "b/c", "ü/\n")) {
		t.Errorf("manifest: %+v", list)
	}
	private, err := secret.New(bytes.Clone(p.Recipient))
	if err != nil {
		t.Fatal(err)
	}
	defer private.Destroy()
	info, list := output()
	o, dek, err := openOutput(pastFile(t, "output"), private, sealed.OutputPin{Contract: info.Contract, Digest: p.Output, Signer: public(signKey(1))})
	if err != nil {
		t.Fatal(err)
	}
	if all := listed(t, o.Entries); o.OutputInfo != info || fmt.Sprint(all) != fmt.Sprint(list) {
		t.Errorf("output: %+v of %+v", all, o.OutputInfo)
	}
	dek.Destroy()
}

// padded is testdata/v1-padded/index.json: files whose sizes are hidden, and a manifest of
// them, whose last entry is of an earlier version.
type padded struct {
	Files    []sealed.Entry `json:"files"`
	Manifest digest.SHA256  `json:"manifest"`
}

const v1Padded = "testdata/v1-padded"

func TestV1PaddedStillOpens(t *testing.T) {
	if _, err := os.Stat(v1Padded); *update && os.IsNotExist(err) {
		makeV1Padded(t)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(v1Padded, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var p padded
	if err := json.Unmarshal(read("index.json"), &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Files) != 3 {
		t.Fatalf("%d files, want 3", len(p.Files))
	}
	m, err := openManifest(t, read("manifest"), northPin(p.Manifest))
	if err != nil {
		t.Fatal(err)
	}
	if list := listed(t, m.Entries); fmt.Sprint(list) != fmt.Sprint(p.Files) {
		t.Errorf("manifest: %+v, want %+v", list, p.Files)
	}
	for _, e := range p.Files {
		file := read(e.Blob)
		if int64(len(file)) != e.SealedSize() {
			t.Errorf("%s has %d bytes, its entry says %d", e.Blob, len(file), e.SealedSize())
		}
		r, err := sealed.NewFileReader(store(file), &e, key(t), m.FileContext(&e))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if err != nil || !digest.Of(plain).Equal(e.SHA256) {
			t.Errorf("%s: %d bytes, %v", e.Path, len(plain), err)
		}
		if err := r.CheckPadding(t.Context()); err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
	}
}

func makeV1Padded(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(v1Padded, 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(v1Padded, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var p padded
	for i, f := range []struct {
		path    string
		version uint64
		plain   []byte
	}{{"empty", 3, nil}, {"hello", 3, []byte("hello\n")}, {"old/two-segments", 2, data(65_481)}} {
		file, e := sealPadded(t, string(sealed.FileContext("north", f.path, f.version)), f.plain)
		e.Path, e.Blob = f.path, fmt.Sprintf("blob-%d", i)
		if f.version != 3 {
			e.Version = f.version
		}
		put(e.Blob, file)
		p.Files = append(p.Files, e)
	}
	b, d := sealManifest(t, "north", 3, p.Files, true)
	put("manifest", b)
	p.Manifest = d
	index, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	put("index.json", append(index, '\n'))
}

func open(t *testing.T, file []byte, context string) ([]byte, error) {
	t.Helper()
	r, err := sealed.NewReader(store(file), int64(len(file)), key(t), []byte(context))
	if err != nil {
		return nil, err
	}
	if r.Size() == 0 {
		if _, err := r.ReadAt(nil, 0); err != io.EOF {
			return nil, err
		}
	}
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

func makeV1(t *testing.T) {
	t.Helper()
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(v1, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(v1, 0o755); err != nil {
		t.Fatal(err)
	}
	private, pub := sealKey(t)
	p := past{Files: map[string]digest.SHA256{}}
	if err := private.Use(func(b []byte) error { p.Recipient = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	for name, plain := range map[string][]byte{"empty": nil, "hello": []byte("hello\n"), "two-segments": data(65_481), "whole-segments": data(131_000)} {
		put(name, seal(t, key(t), name, plain))
		p.Files[name] = digest.Of(plain)
	}
	b, d := sealManifest(t, "north", 3, entries("a", "b/c", "ü/\n"), false)
	put("manifest", b)
	p.Manifest = d
	info, list := output()
	b, p.Output = sealOutput(t, info, list, pub)
	put("output", b)
	index, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	put("index.json", append(index, '\n'))
}
