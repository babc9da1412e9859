package sealed_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

func signKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func entry(path string, n int) sealed.Entry {
	header := append([]byte{sealed.HeaderSize}, bytes.Repeat([]byte{byte(n)}, sealed.HeaderSize-1)...)
	return sealed.Entry{Path: path, Blob: fmt.Sprintf("blob-%d", n), Size: int64(n), Header: header, SHA256: digest.Of([]byte(path))}
}

func entries(paths ...string) []sealed.Entry {
	var out []sealed.Entry
	for i, p := range paths {
		out = append(out, entry(p, i))
	}
	return out
}

func with(e sealed.Entry, change func(*sealed.Entry)) sealed.Entry { change(&e); return e }

func TestManifestComesBackAsItWas(t *testing.T) {
	for name, list := range map[string][]sealed.Entry{
		"no files":  nil,
		"odd names": entries("a\nb", "a b", "a-b/c", "a/b", "a/b.c", "z\\\"", "ä/\u2028/<&>"),
	} {
		t.Run(name, func(t *testing.T) {
			object, d := sealManifest(t, "north", 3, list, false)
			got, err := openManifest(t, object, northPin(d))
			if err != nil {
				t.Fatal(err)
			}
			if all := listed(t, got.Entries); got.Dataset != "north" || got.Version != 3 || fmt.Sprint(all) != fmt.Sprint(list) {
				t.Errorf("got %v of %s version %d, want %v", all, got.Dataset, got.Version, list)
			}
			if bytes.Contains(object, []byte("a-b")) {
				t.Error("a path is readable in the sealed manifest")
			}
		})
	}
}

func TestManifestRefusals(t *testing.T) {
	object, d := sealManifest(t, "north", 3, entries("a", "b"), false)
	old, oldDigest := sealManifest(t, "north", 2, nil, false)
	again, _ := sealManifest(t, "north", 3, nil, false)
	signer := public(signKey(1))
	for name, tc := range map[string]struct {
		object  []byte
		signer  ed25519.PublicKey
		want    digest.SHA256
		dataset string
		version uint64
		kind    fault.Kind
	}{
		"no digest to compare with":          {object, signer, digest.SHA256{}, "north", 3, fault.Invalid},
		"no signer to compare with":          {object, nil, d, "north", 3, fault.Invalid},
		"another signer":                     {object, public(signKey(2)), d, "north", 3, fault.Tampered},
		"another dataset":                    {object, signer, d, "south", 3, fault.Tampered},
		"another version":                    {object, signer, d, "north", 2, fault.Tampered},
		"another of the same version":        {again, signer, d, "north", 3, fault.Tampered}, // signed, but not agreed
		"the old manifest":                   {old, signer, d, "north", 3, fault.Tampered},
		"the old manifest under its digest":  {old, signer, oldDigest, "north", 3, fault.Tampered},
		"a byte less":                        {object[:len(object)-1], signer, d, "north", 3, fault.Tampered},
		"nothing":                            {nil, signer, d, "north", 3, fault.Tampered},
		"nothing, and a digest of nothing":   {nil, signer, digest.Of(nil), "north", 3, fault.Tampered},
		"bytes that were never sealed by us": {bytes.Repeat([]byte{40}, 300), signer, digest.Of(bytes.Repeat([]byte{40}, 300)), "north", 3, fault.Tampered},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := openManifest(t, tc.object, sealed.Pin{Dataset: tc.dataset, Version: tc.version, Digest: tc.want, Signer: tc.signer})
			if err == nil || fault.KindOf(err) != tc.kind {
				t.Errorf("got %v (%v), want %v", err, fault.KindOf(err), tc.kind)
			}
		})
	}
}

// TestSignedButWrong reseals a manifest's plain text, changed, under the right
// key and context, with its own digest: only the signature and the rules are left to refuse it.
func TestSignedButWrong(t *testing.T) {
	object, _ := sealManifest(t, "north", 3, entries("a", "b"), false)
	const context = "cleanroom/manifest/v1\nnorth\n3"
	r, err := sealed.NewReader(store(object), int64(len(object)), key(t), []byte(context))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		t.Fatal(err)
	}
	plain := string(b)
	lines := strings.SplitAfter(plain, "\n")
	for name, text := range map[string]string{
		"a changed path":                          strings.Replace(plain, `"path":"a"`, `"path":"A"`, 1),
		"a changed size":                          strings.Replace(plain, `"size":1`, `"size":2`, 1),
		"an entry taken out":                      strings.Replace(lines[0], `"entries":2`, `"entries":1`, 1) + lines[1] + lines[3],
		"entries in another order":                lines[0] + lines[2] + lines[1] + lines[3],
		"a line after the signature":              plain + lines[1],
		"no signature":                            lines[0] + lines[1] + lines[2],
		"no last newline":                         strings.TrimSuffix(plain, "\n"),
		"a space":                                 strings.Replace(plain, `{"`, `{ "`, 1),
		"an unknown field":                        strings.Replace(plain, `{"blob"`, `{"a":1,"blob"`, 1),
		"a number of entries too high for memory": strings.Replace(plain, `"entries":2`, `"entries":9007199254740991`, 1),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if text == plain {
				t.Fatal("the change changed nothing")
			}
			bad := seal(t, key(t), context, []byte(text))
			_, err := openManifest(t, bad, northPin(digest.Of(bad)))
			if err == nil || fault.KindOf(err) != fault.Tampered {
				t.Errorf("got %v (%v), want Tampered", err, fault.KindOf(err))
			}
		})
	}
}

func TestEntryRules(t *testing.T) {
	for name, tc := range map[string]struct {
		list []sealed.Entry
		want string
	}{
		"an absolute path":             {entries("/a"), "relative and clean"},
		"a path upwards":               {entries("a/../b"), "relative and clean"},
		"a path with a dot":            {entries("./a"), "relative and clean"},
		"two slashes":                  {entries("a//b"), "relative and clean"},
		"a slash at the end":           {entries("a/"), "relative and clean"},
		"no path":                      {entries(""), "1 to 4096"},
		"a NUL":                        {entries("a\x00b"), "NUL"},
		"what is not UTF-8":            {entries("a\xff"), "UTF-8"},
		"a name of 256 bytes":          {entries(strings.Repeat("a", 256)), "255"},
		"a path of 4097 bytes":         {entries(strings.Repeat("a/", 2048) + "b"), "4096"},
		"the same path twice":          {entries("a", "a"), "twice"},
		"another order":                {entries("b", "a"), "out of order"},
		"a file that is a folder too":  {entries("a", "a-", "a/b"), "a file and a folder"},
		"a deeper file and folder":     {entries("a/b", "a/b/c/d"), "a file and a folder"},
		"a size below zero":            {[]sealed.Entry{{Path: "a", Blob: "b", Size: -1}}, "size"},
		"no header":                    {[]sealed.Entry{{Path: "a", Blob: "b"}}, "header"},
		"no digest":                    {[]sealed.Entry{{Path: "a", Blob: "b", Header: entry("a", 1).Header}}, "digest"},
		"no blob":                      {[]sealed.Entry{{Path: "a"}}, "blob"},
		"a control character in blobs": {[]sealed.Entry{{Path: "a", Blob: "b\n"}}, "blob"},
		"padding that takes away":      {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Padded = 8 })}, "padded"},
		"padding of nothing":           {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Padded = 9 })}, "padded"},
		"padding below zero":           {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Padded = -1 })}, "padded"},
		"padding beyond any file":      {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Padded = sealed.MaxSize + 1 })}, "padded"},
		"an entry of this version":     {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Version = 4 })}, "not before"},
		"an entry of a later version":  {[]sealed.Entry{with(entry("a", 9), func(e *sealed.Entry) { e.Version = 5 })}, "not before"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, _, err := trySealManifest("d", 4, tc.list, false, key(t))
			if err == nil || !strings.Contains(err.Error(), tc.want) || fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	for name, m := range map[string]sealed.ManifestInfo{
		"version 0":                   {Dataset: "d"},
		"no name":                     {Version: 1},
		"a name with a newline":       {Dataset: "d\n1", Version: 1},
		"a version beyond JSON's own": {Dataset: "d", Version: 1<<53 + 1},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, _, err := trySealManifest(m.Dataset, m.Version, nil, false, key(t)); fault.KindOf(err) != fault.Invalid || err == nil {
				t.Errorf("got %v, want Invalid", err)
			}
		})
	}
}
