package main

import (
	"log/slog"
	"os"
	"path/filepath"
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

// folder holds objects as files, where another user can read them.
func folder(t *testing.T, objects map[string][]byte) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localdir")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range objects {
		write(t, dir, name, content)
	}
	return dir
}

func write(t plugintest.T, dir, name string, content []byte) {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatalf("%v", err)
	}
}

func configured(t *testing.T, dir string) *source {
	t.Helper()
	s := &source{}
	if err := s.Configure(t.Context(), sdk.Setup{Config: []byte(`{"path":"` + dir + `"}`), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKit(t *testing.T) {
	dir := folder(t, plugintest.Objects())
	s := configured(t, dir)
	kit := plugintest.Source(plugintest.SourceFixture{Reader: plugintest.Direct(s), Objects: plugintest.Objects(),
		Replace: func(t plugintest.T, name string, content []byte) { write(t, dir, name, content) }})
	for name, test := range kit {
		t.Run(name, func(t *testing.T) { test(t) })
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
	config := map[string]any{"path": folder(t, plugintest.Objects())}
	results := plugintest.Verify(t.Context(), binary, plugintest.VerifyOptions{Config: config})
	if len(results) < 15 {
		t.Errorf("only %d tests ran", len(results))
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: %v", r.Test, r.Found)
		}
	}
}

func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	outside := folder(t, map[string][]byte{"secret": []byte("s"), "dir/deep": []byte("d")})
	dir := folder(t, map[string][]byte{"a": []byte("a"), "sub/b": []byte("b")})
	for link, to := range map[string]string{"file": outside + "/secret", "folder": outside, "inside": "a", "self": ".", "sub/up": "../a"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := configured(t, dir)
	for _, name := range []string{"file", "folder/secret", "folder/dir/deep", "inside", "self/a", "sub/up", "../" + filepath.Base(outside) + "/secret",
		outside + "/secret", "sub/../a", "sub", ".", "", "a/"} {
		if info, err := s.Stat(t.Context(), name); sdk.KindOf(err) != sdk.NotFound {
			t.Errorf("Stat(%q) = %+v, %v (%v), want NotFound", name, info, err, sdk.KindOf(err))
		}
	}
	got := map[string]bool{}
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got[info.Name] = true
	}
	if len(got) != 2 || !got["a"] || !got["sub/b"] {
		t.Errorf("List = %v, want a and sub/b", got)
	}
}

func TestConfigure(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		want   sdk.Kind
	}{
		"no path":          {`{}`, sdk.Invalid},
		"a relative path":  {`{"path": "x"}`, sdk.Invalid},
		"a path with dots": {`{"path": "/x/../y"}`, sdk.Invalid},
		"no such folder":   {`{"path": "/nonexistent-7d1f"}`, sdk.NotFound},
		"a file":           {`{"path": "/proc/self/status"}`, sdk.NotFound},
	} {
		if err := (&source{}).Configure(t.Context(), sdk.Setup{Config: []byte(tc.config)}); sdk.KindOf(err) != tc.want || err == nil {
			t.Errorf("%s: Configure = %v (%v), want %v", name, err, sdk.KindOf(err), tc.want)
		}
	}
}
