package main

import (
	"crypto/ed25519"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
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
			w := newService(t)
			pub, _, err := ed25519.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			f := plugintest.GovernanceFixture{
				Consent: func(_ plugintest.T, yes bool) {
					if err := w.switchTo("room.open", yes); err != nil {
						t.Errorf("Switch = %v", err)
					}
				},
				Down:    func(plugintest.T) { w.server.Close() },
				Request: &sdk.ConsentRequest{Operation: "room.open", Subject: "s", Contract: w.contract.Bytes(), Room: "r", RoomKey: pub, Nonce: make([]byte, 32)},
				Event:   &sdk.RecordRequest{Event: []byte(`{}`), RoomKey: pub},
			}
			if kind == "in process" {
				f.Asker = configured(t, w.server.URL)
			} else {
				f.Asker = process(t, "governance/ledger", map[string]any{"url": w.server.URL})
			}
			if test, ok := governancetest.Kit()["a receipt is signed over the event"]; !ok {
				t.Error("the kit has lost a test")
			} else {
				test(t, governancetest.Subject{Client: f.Asker, Key: w.key, Contract: w.contract, Switch: w.switchTo})
			}
			kit := plugintest.Governance(f)
			for _, name := range slices.Sorted(maps.Keys(kit)) {
				t.Run(name, func(t *testing.T) { kit[name](t) })
			}
		})
	}
	for name, test := range plugintest.Config(new(backend).Validate, []byte(`{"url":"http://b"}`)) {
		t.Run(name, func(t *testing.T) { test(t) })
	}
}
