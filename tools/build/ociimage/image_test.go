package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

// source writes a file with the given mode and returns its path.
func source(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func demo(t *testing.T) options {
	return options{
		name:       "demo",
		programs:   list{"/usr/bin/a=" + source(t, "program a", 0o600), "/usr/bin/b=" + source(t, "program b", 0o755)},
		data:       list{"/etc/demo.json=" + source(t, "{}", 0o400)},
		dirs:       list{"/tmp"},
		entrypoint: list{"/usr/bin/a", "serve"},
		env:        list{"A=1"},
		user:       "1000:1000",
		workDir:    "/",
	}
}

func made(t *testing.T, o options) (tarball, fragment []byte) {
	t.Helper()
	dir := t.TempDir()
	o.out, o.lock = filepath.Join(dir, "image.tar"), filepath.Join(dir, "image.json")
	if err := run(o, nil); err != nil {
		t.Fatalf("run(%+v): %v", o, err)
	}
	var out [2][]byte
	for i, path := range []string{o.out, o.lock} {
		var err error
		if out[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return out[0], out[1]
}

func TestSameInputsGiveTheSameBytes(t *testing.T) {
	tar0, lock0 := made(t, demo(t))
	for name, change := range map[string]func(*options){
		"a second run":                   func(*options) {},
		"inputs in another order":        func(o *options) { slices.Reverse(o.programs) },
		"sources with another mode":      func(o *options) { o.programs[0] = "/usr/bin/a=" + source(t, "program a", 0o777) },
		"a folder said that is there":    func(o *options) { o.dirs = append(o.dirs, "/usr/bin") },
		"a clock and a locale set aside": func(*options) { t.Setenv("SOURCE_DATE_EPOCH", "12345"); t.Setenv("TZ", "Asia/Tokyo") },
	} {
		t.Run(name, func(t *testing.T) {
			o := demo(t)
			change(&o)
			tar1, lock1 := made(t, o)
			if !bytes.Equal(tar0, tar1) || !bytes.Equal(lock0, lock1) {
				t.Errorf("image differs: %s\nwas %s", lock1, lock0)
			}
		})
	}
}

func TestEveryInputChangesTheDigest(t *testing.T) {
	_, lock0 := made(t, demo(t))
	var was policy.Image
	if err := canonical.Unmarshal(lock0, &was); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*options){
		"a program's bytes": func(o *options) { o.programs[0] = "/usr/bin/a=" + source(t, "program A", 0o755) },
		"a file's place":    func(o *options) { o.data[0] = strings.Replace(o.data[0], "demo", "other", 1) },
		"a file's mode":     func(o *options) { o.programs, o.data = nil, append(o.data, o.programs...) },
		"a folder":          func(o *options) { o.dirs = nil },
		"the entrypoint":    func(o *options) { o.entrypoint = list{"/usr/bin/a serve"} },
		"the environment":   func(o *options) { o.env = nil },
		"the user":          func(o *options) { o.user = "0:0" },
		"the work folder":   func(o *options) { o.workDir = "/tmp" },
	} {
		t.Run(name, func(t *testing.T) {
			o := demo(t)
			change(&o)
			_, lock1 := made(t, o)
			var is policy.Image
			if err := canonical.Unmarshal(lock1, &is); err != nil {
				t.Fatal(err)
			}
			if is.Manifest.Equal(was.Manifest) {
				t.Errorf("manifest digest is still %s", is.Manifest)
			}
		})
	}
}

func TestLayoutHoldsTheImageOfTheLock(t *testing.T) {
	tarball, lock := made(t, demo(t))
	var want policy.Image
	if err := canonical.Unmarshal(lock, &want); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, tarball, dir)
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("index has %v, %v; want one image", manifest, err)
	}
	if got := manifest.Manifests[0].Digest.String(); got != want.Manifest.String() {
		t.Errorf("layout has %s, images.lock has %s", got, want.Manifest)
	}
	if len(want.VerityRoots) != 1 || len(want.VerityRoots[0]) != 64 {
		t.Errorf("verity roots %q, want one of 64 digits", want.VerityRoots)
	}
}

func TestLayerEntries(t *testing.T) {
	layer, err := demo(t).layer()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(layer)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != 0 || h.Format != tar.FormatUSTAR {
			t.Errorf("%s has owner %d:%d %q:%q, time %s, format %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime, h.Format)
		}
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
	}
	want := []string{"drwxr-xr-x etc/", "-rw-r--r-- etc/demo.json", "drwxr-xr-x tmp/", "drwxr-xr-x usr/", "drwxr-xr-x usr/bin/",
		"-rwxr-xr-x usr/bin/a", "-rwxr-xr-x usr/bin/b"}
	if !slices.Equal(got, want) {
		t.Errorf("layer has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRefusedPaths(t *testing.T) {
	src := source(t, "", 0o644)
	for name, tc := range map[string]struct {
		data    list
		wantErr string
	}{
		"a relative path":       {list{"a=" + src}, "not an absolute, clean path"},
		"a path that climbs":    {list{"/a/../b=" + src}, "not an absolute, clean path"},
		"the root":              {list{"/=" + src}, "not an absolute, clean path"},
		"no source":             {list{"/a"}, "want DST=SRC"},
		"a path said twice":     {list{"/a=" + src, "/a=" + src}, "/a is said twice"},
		"a file under a file":   {list{"/a=" + src, "/a/b=" + src}, "/a is a file and has /a/b below it"},
		"a source that is gone": {list{"/a=" + src + ".gone"}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := (options{data: tc.data}).layer(); err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("layer(%q) = %v, want %q", tc.data, err, tc.wantErr)
			}
		})
	}
}

func unpack(t *testing.T, tarball []byte, dir string) {
	t.Helper()
	for r := tar.NewReader(bytes.NewReader(tarball)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
