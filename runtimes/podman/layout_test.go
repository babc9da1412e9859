package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// small is a layout whose blobs are not unpacked: what is hashed need not be a tar.
type small struct {
	dir                     string
	manifest, config, layer digest.SHA256
}

func newSmall(t testing.TB, change func(m map[string]any), arch string) small {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(b []byte) digest.SHA256 {
		d := digest.Of(b)
		if err := os.WriteFile(filepath.Join(dir, "blobs", "sha256", d.Hex()), b, 0o644); err != nil {
			t.Fatal(err)
		}
		return d
	}
	config, layer := []byte(`{"architecture":"`+arch+`","os":"linux"}`), bytes.Repeat([]byte("layer"), 1000)
	s := small{dir: dir, config: put(config), layer: put(layer)}
	m := map[string]any{"schemaVersion": 2, "mediaType": typeManifest,
		"config": descriptor{typeConfig, s.config, int64(len(config))},
		"layers": []descriptor{{typeLayer + "+gzip", s.layer, int64(len(layer))}}}
	if change != nil {
		change(m)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	s.manifest = put(b)
	return s
}

func (s small) blob(d digest.SHA256) string { return filepath.Join(s.dir, "blobs", "sha256", d.Hex()) }

func TestCopyImage(t *testing.T) {
	s, to := newSmall(t, nil, runtime.GOARCH), filepath.Join(t.TempDir(), "oci")
	got, err := copyImage(t.Context(), s.dir, to, s.manifest.String())
	if err != nil || !got.config.Equal(s.config) || got.layers != 1 {
		t.Fatalf("copyImage = %+v, %v", got, err)
	}
	for _, d := range []digest.SHA256{s.manifest, s.config, s.layer} {
		b, err := os.ReadFile(filepath.Join(to, "blobs", "sha256", d.Hex()))
		if err != nil || !digest.Of(b).Equal(d) {
			t.Errorf("the copy of %v: %v", d, err)
		}
	}
	// It can be copied from the copy: index and layout file are right enough for that.
	if _, err := copyImage(t.Context(), to, filepath.Join(t.TempDir(), "oci"), s.manifest.String()); err != nil {
		t.Error(err)
	}
}

func TestTamperedImages(t *testing.T) {
	flip := func(t *testing.T, path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	truncate := func(t *testing.T, path string) {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, st.Size()-1); err != nil {
			t.Fatal(err)
		}
	}
	extend := func(t *testing.T, path string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString("x"); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	folder := func(t *testing.T, path string) {
		remove(t, path)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	escape := func(t *testing.T, path string) {
		other := filepath.Join(t.TempDir(), "other")
		if err := os.Rename(path, other); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(other, path); err != nil {
			t.Fatal(err)
		}
	}
	for what, blob := range map[string]func(small) digest.SHA256{
		"manifest": func(s small) digest.SHA256 { return s.manifest },
		"config":   func(s small) digest.SHA256 { return s.config },
		"layer":    func(s small) digest.SHA256 { return s.layer },
	} {
		for how, change := range map[string]func(*testing.T, string){
			"one bit flipped": flip, "cut": truncate, "extended": extend, "missing": remove, "a folder": folder, "a link to elsewhere": escape,
		} {
			t.Run(what+" "+how+" is tampered", func(t *testing.T) {
				s := newSmall(t, nil, runtime.GOARCH)
				change(t, s.blob(blob(s)))
				_, err := copyImage(t.Context(), s.dir, filepath.Join(t.TempDir(), "oci"), s.manifest.String())
				if fault.KindOf(err) != fault.Tampered {
					t.Errorf("copyImage = %v, want tampered", err)
				}
			})
		}
	}
}

func TestImagesThatAreRefused(t *testing.T) {
	one := digest.Of([]byte("x"))
	for name, tc := range map[string]struct {
		change func(m map[string]any)
		arch   string
		want   string
	}{
		"an index":        {func(m map[string]any) { m["mediaType"] = "application/vnd.oci.image.index.v1+json" }, runtime.GOARCH, "index"},
		"another version": {func(m map[string]any) { m["schemaVersion"] = 1 }, runtime.GOARCH, "no OCI image"},
		"an artifact":     {func(m map[string]any) { m["config"] = descriptor{"application/x", one, 1} }, runtime.GOARCH, "config"},
		"no layers":       {func(m map[string]any) { m["layers"] = nil }, runtime.GOARCH, "layers"},
		"too many layers": {func(m map[string]any) { m["layers"] = slices.Repeat([]descriptor{{typeLayer, one, 1}}, 128) }, runtime.GOARCH, "layers"},
		"a layer that is elsewhere": {func(m map[string]any) {
			m["layers"] = []descriptor{{"application/vnd.oci.image.layer.nondistributable.v1.tar", one, 1}}
		}, runtime.GOARCH, "layer"},
		"a layer of a kind not known": {func(m map[string]any) { m["layers"] = []descriptor{{typeLayer + "+xz", one, 1}} }, runtime.GOARCH, "layer"},
		"a layer of negative size":    {func(m map[string]any) { m["layers"] = []descriptor{{typeLayer, one, -1}} }, runtime.GOARCH, "layer"},
		"a layer with a digest too short": {func(m map[string]any) {
			m["layers"] = []any{map[string]any{"mediaType": typeLayer, "digest": "sha256:00", "size": 1}}
		}, runtime.GOARCH, "64 lower-case"},
		"an image for another machine": {nil, "s390x", "s390x"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			s := newSmall(t, tc.change, tc.arch)
			_, err := copyImage(t.Context(), s.dir, filepath.Join(t.TempDir(), "oci"), s.manifest.String())
			if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("copyImage = %v, want invalid, %q", err, tc.want)
			}
		})
	}
	s := newSmall(t, nil, runtime.GOARCH)
	for _, bad := range []string{"", "sha256:", "latest", s.manifest.Hex(), strings.ToUpper(s.manifest.String())} {
		if _, err := copyImage(t.Context(), s.dir, filepath.Join(t.TempDir(), "oci"), bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("copyImage of %q = %v, want invalid", bad, err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"` + typeConfig + `","size":1},"layers":[{}]}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m manifest
		if parseManifest(b, &m) == nil && (m.Config.Digest.IsZero() || len(m.Layers) == 0) {
			t.Errorf("accepted %q", b)
		}
	})
}
