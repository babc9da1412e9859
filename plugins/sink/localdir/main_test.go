package main

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// The test binary is also the plugin.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localdir")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func configured(t *testing.T, dir string) *sink {
	t.Helper()
	s := &sink{}
	if err := s.Configure(t.Context(), sdk.Setup{Config: []byte(`{"path":"` + dir + `"}`), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return s
}

// files are the names of all that is in dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKit(t *testing.T) {
	dir := folder(t)
	kit := plugintest.Sink(plugintest.SinkFixture{Writer: configured(t, dir), Prefix: "kit/",
		Content: func(_ plugintest.T, name string) ([]byte, bool) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			return b, err == nil
		}})
	for name, test := range kit {
		t.Run(name, func(t *testing.T) { test(t) })
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestKitOverTheWire(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "localdir")
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary+".json", manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	results := plugintest.Verify(t.Context(), binary, plugintest.VerifyOptions{Config: map[string]any{"path": dir}})
	if len(results) < 15 {
		t.Errorf("only %d tests ran", len(results))
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: %v", r.Test, r.Found)
		}
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNothingIsWrittenOutsideTheFolder(t *testing.T) {
	outside, dir := folder(t), folder(t)
	for link, to := range map[string]string{"folder": outside, "file": outside + "/new", "self": "."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := configured(t, dir)
	for _, name := range []string{"folder/x", "folder/new/x", "self/x", "../" + filepath.Base(outside) + "/x", "/x", "a//x", "a/../x", "a/", ".", "..", ".put-x"} {
		info, err := s.Put(t.Context(), name, 1, strings.NewReader("x"), sdk.Condition{Overwrite: true})
		if err == nil || sdk.KindOf(err) == sdk.Internal {
			t.Errorf("Put(%q) = %+v, %v (%v), want a refusal", name, info, err, sdk.KindOf(err))
		}
	}
	// The last element is the object: a link of that name is replaced, not followed.
	if _, err := s.Put(t.Context(), "file", 1, strings.NewReader("x"), sdk.Condition{}); sdk.KindOf(err) != sdk.Denied {
		t.Errorf("Put over a link = %v, want Denied", err)
	}
	if _, err := s.Put(t.Context(), "file", 1, strings.NewReader("x"), sdk.Condition{Overwrite: true}); err != nil {
		t.Errorf("Put in place of a link = %v", err)
	}
	if got := files(t, outside); len(got) > 0 {
		t.Errorf("outside: %q", got)
	}
	if info, err := os.Lstat(filepath.Join(dir, "file")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("file = %v, %v, want a regular file", info, err)
	}
}

func TestAFullOrClosedFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root writes everywhere; only the missing folder is tried")
	} else {
		dir := folder(t)
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		if _, err := configured(t, dir).Put(t.Context(), "x", 1, strings.NewReader("x"), sdk.Condition{}); sdk.KindOf(err) != sdk.Denied {
			t.Errorf("Put into a folder of others = %v (%v), want Denied", err, sdk.KindOf(err))
		}
	}
	gone := folder(t)
	s := configured(t, gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "x", 1, strings.NewReader("x"), sdk.Condition{}); err == nil {
		t.Error("Put into a folder that is gone = nil")
	}
}
