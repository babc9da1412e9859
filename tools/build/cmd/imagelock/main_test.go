package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

const hex = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func fragment(t *testing.T, name string) string {
	t.Helper()
	sum := `"sha256:` + hex + `"`
	return file(t, `{"config":`+sum+`,"diffIDs":[`+sum+`],"manifest":`+sum+`,"name":"`+name+`","verityRoots":["`+hex+`"]}`)
}

func TestMerge(t *testing.T) {
	out := filepath.Join(t.TempDir(), "images.lock")
	if err := run(out, []string{fragment(t, "b"), fragment(t, "a")}, []string{"plugin/z=" + file(t, "z"), "cleanroomd=" + file(t, "d")}, nil); err != nil {
		t.Fatalf("run = %v", err)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := policy.ParseLock(raw)
	if err != nil {
		t.Fatalf("ParseLock(%s) = %v", raw, err)
	}
	if got, err := lock.Plugin("z"); err != nil || !got.Equal(digest.Of([]byte("z"))) {
		t.Errorf("Plugin(z) = %v, %v; want the digest of its bytes", got, err)
	}
	if _, err := lock.Image("a"); err != nil {
		t.Errorf("Image(a) = %v", err)
	}
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		images, binaries []string
		wantErr          string
	}{
		"two images of one name":        {[]string{fragment(t, "a"), fragment(t, "a")}, nil, "twice"},
		"two binaries of one name":      {[]string{fragment(t, "a")}, []string{"x=" + file(t, ""), "x=" + file(t, "")}, "twice"},
		"a binary without a name":       {[]string{fragment(t, "a")}, []string{file(t, "")}, "want NAME=FILE"},
		"a binary that is gone":         {[]string{fragment(t, "a")}, []string{"x=/no/such/file"}, "no such file"},
		"a fragment of something else":  {[]string{file(t, `{"x":1}`)}, nil, "x"},
		"a fragment without its layers": {[]string{file(t, `{"name":"a"}`)}, nil, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(filepath.Join(t.TempDir(), "images.lock"), tc.images, tc.binaries, nil)
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("run(%q, %q) = %v, want %q", tc.images, tc.binaries, err, tc.wantErr)
			}
		})
	}
}
