package main

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// TestMain makes the test's binary the plugin, where a host started it as one.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process starts this binary as the plugin, as a room would.
func process(t *testing.T, name string, config map[string]any) *plugin.Governance {
	t.Helper()
	dir := t.TempDir()
	// The plugin's own user must reach its folder; TempDir's parent is the test's too, and 0700.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plugin")
	for file, b := range map[string][]byte{path: binary, path + ".json": manifest} {
		if err := os.WriteFile(file, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	uid := uint32(os.Geteuid())
	if uid == 0 {
		uid = 64123
	}
	p, err := plugin.Start(t.Context(), plugin.Options{
		Name: name, Path: path, Checksum: digest.Of(binary), Instance: "test", Config: config, Simulated: true,
		UID: uid, TempDir: dir, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("Start = %v", err)
	}
	t.Cleanup(func() { _ = p.Close() })
	g, err := p.Governance()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestConformance(t *testing.T) {
	for _, kind := range []string{"in process", "over the wire"} {
		t.Run(kind, func(t *testing.T) {
			var status atomic.Int64
			status.Store(200)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(int(status.Load()))
			}))
			t.Cleanup(s.Close)
			says := func(_ plugintest.T, yes bool) {
				status.Store(403)
				if yes {
					status.Store(200)
				}
			}
			f := plugintest.GovernanceFixture{
				Consent: says, Confirm: says, Down: func(plugintest.T) { s.Close() },
				Request: &sdk.ConsentRequest{Operation: "room.open", Subject: "s"}, Event: &sdk.RecordRequest{Event: []byte(`{}`)},
			}
			if kind == "in process" {
				f.Asker = configured(t, `{"url":"`+s.URL+`","method":"POST","successCodes":[200]}`)
			} else {
				f.Asker = process(t, "governance/httpapi", map[string]any{"url": s.URL, "method": "POST", "successCodes": []any{200}})
			}
			kit := plugintest.Governance(f)
			for _, name := range slices.Sorted(maps.Keys(kit)) {
				t.Run(name, func(t *testing.T) { kit[name](t) })
			}
		})
	}
	for name, test := range plugintest.Config(new(backend).Validate, []byte(`{"url":"http://b","method":"POST","successCodes":[200]}`)) {
		t.Run(name, func(t *testing.T) { test(t) })
	}
}
