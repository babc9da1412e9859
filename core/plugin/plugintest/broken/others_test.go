package broken

import (
	"slices"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// bites runs a right kit, then each wrong one, and asks that every test fails once.
func bites(t *testing.T, right plugintest.Kit, wrong map[string][]plugintest.Kit) {
	t.Helper()
	for _, r := range right.Results(t.Context()) {
		if !r.Passed {
			t.Errorf("right: %s: %v", r.Test, r.Found)
		}
		if len(wrong[r.Test]) == 0 {
			t.Errorf("nothing wrong shows that %q bites", r.Test)
		}
	}
	for name, kits := range wrong {
		for _, k := range kits {
			results := k.Results(t.Context())
			if !slices.ContainsFunc(results, func(r plugintest.Result) bool { return r.Test == name && !r.Passed }) {
				t.Errorf("%q did not notice: %+v", name, results)
			}
		}
	}
}

func TestEverySinkTestBites(t *testing.T) {
	kit := func(change func(*plugintest.MemorySink) plugintest.Writer) plugintest.Kit {
		m := &plugintest.MemorySink{Store: plugintest.NewStore(nil)}
		f := plugintest.SinkFixture{Writer: m, Prefix: "kit/",
			Content: func(_ plugintest.T, name string) ([]byte, bool) { return m.Get(name) }}
		if change != nil {
			f.Writer = change(m)
		}
		return plugintest.Sink(f)
	}
	wrong := map[string][]plugintest.Kit{}
	for _, s := range Sinks() {
		wrong[s.Bites] = append(wrong[s.Bites], kit(s.Make))
	}
	bites(t, kit(nil), wrong)
}

func TestEveryGovernanceTestBites(t *testing.T) {
	kit := func(a *Asker) plugintest.Kit {
		a.Backend = &Backend{}
		return plugintest.Governance(plugintest.GovernanceFixture{Asker: a, Request: &sdk.ConsentRequest{}, Event: &sdk.RecordRequest{},
			Consent: func(_ plugintest.T, yes bool) { a.Backend.Granted = yes },
			Confirm: func(_ plugintest.T, yes bool) { a.Backend.Confirms = yes },
			Down:    func(plugintest.T) { a.Backend.Down = true }})
	}
	wrong := map[string][]plugintest.Kit{"governance: consent is what the backend says": {kit(&Asker{Unsigned: true})}}
	for name, a := range Askers() {
		wrong[name] = append(wrong[name], kit(a))
	}
	bites(t, kit(&Asker{}), wrong)
}

func TestEveryKeyServiceTestBites(t *testing.T) {
	kit := func(k *Keys) plugintest.Kit {
		return plugintest.KeyService(plugintest.KeyServiceFixture{Releaser: k,
			Request: &sdk.ReleaseRequest{Key: "kek", Evidence: []byte("{}")},
			Down:    func(plugintest.T) { k.Down = true }})
	}
	wrong := map[string][]plugintest.Kit{}
	for name, k := range Releasers() {
		wrong[name] = append(wrong[name], kit(k))
	}
	bites(t, kit(&Keys{}), wrong)
}

func TestEveryRuntimeTestBites(t *testing.T) {
	wrong := map[string][]plugintest.Kit{}
	for name, l := range Launchers() {
		wrong[name] = append(wrong[name], plugintest.Runtime(l))
	}
	bites(t, plugintest.Runtime(&Launcher{}), wrong)
}

// lax validates too little, in one way each.
func TestEveryConfigurationTestBites(t *testing.T) {
	type config struct {
		Path string `json:"path"`
	}
	strict := func(b []byte) []sdk.Violation {
		var c config
		return sdk.DecodeConfig(b, &c)
	}
	good := []byte(`{"path": "/x"}`)
	anything := func([]byte) []sdk.Violation { return nil }
	nothing := func([]byte) []sdk.Violation { return []sdk.Violation{{Field: "path"}} }
	wrong := map[string][]plugintest.Kit{}
	for name := range plugintest.Config(strict, good) {
		wrong[name] = []plugintest.Kit{plugintest.Config(anything, good)}
	}
	wrong["validate: a good configuration is accepted"] = []plugintest.Kit{plugintest.Config(nothing, good)}
	wrong["validate: every violation says what would be right"] = []plugintest.Kit{plugintest.Config(nothing, good)}
	bites(t, plugintest.Config(strict, good), wrong)
}
