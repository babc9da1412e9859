package plugin_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// The test binary is also each plugin that the tests start: argument zero says which.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		play(os.Args[0])
		return
	}
	os.Exit(m.Run())
}

const pluginUID = 64001 // of nobody else; used where the tests run as root

// install puts this test's binary, under its plugin name, beside the plugin.json of that
// name into a folder that the plugin's user can reach.
func install(t testing.TB, name string) plugin.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := selfDigest()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "plug")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, _ := filepath.Glob(filepath.Join(dir, "p*", "*"))
		if len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plugin")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".json", manifestOf(name), 0o644); err != nil {
		t.Fatal(err)
	}
	uid := uint32(os.Geteuid())
	if uid == 0 {
		uid = pluginUID
	}
	return plugin.Options{Name: name, Path: path, Checksum: sum, Instance: "one", UID: uid, TempDir: dir,
		Simulated: true, Log: slog.New(slog.DiscardHandler)}
}

// selfDigest is this binary's, which is large.
var selfDigest = sync.OnceValues(func() (digest.SHA256, error) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return digest.SHA256{}, err
	}
	defer f.Close()
	return digest.OfReader(f)
})

func manifestOf(name string) []byte {
	kind, _, _ := strings.Cut(name, "/")
	service := map[string]string{
		"source":     "cleanroom.plugin.datasource.v1.DataSource",
		"sink":       "cleanroom.plugin.datasink.v1.DataSink",
		"governance": "cleanroom.plugin.governance.v1.Governance",
		"keyservice": "cleanroom.plugin.keyservice.v1.KeyService",
		"runtime":    "cleanroom.plugin.runtime.v1.Runtime",
	}[kind]
	return fmt.Appendf(nil, `{"name": %q, "version": "1.0.0",
		"services": ["cleanroom.plugin.control.v1.Control", %q], "capabilities": [],
		"hostServices": ["cleanroom.plugin.host.v1.Host"], "tokenAudiences": ["storage"]}`, name, service)
}

// started is Start with its Close.
func started(t testing.TB, o plugin.Options) *plugin.Process {
	t.Helper()
	p, err := plugin.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("Start(%s) = %v", o.Name, err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}
