package broken

import (
	"slices"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

func fixture(change func(*plugintest.MemorySource) sdk.Source) plugintest.SourceFixture {
	store := plugintest.NewStore(plugintest.Objects())
	var s sdk.Source = &plugintest.MemorySource{Store: store}
	if change != nil {
		s = change(s.(*plugintest.MemorySource))
	}
	return plugintest.SourceFixture{Reader: plugintest.Direct(s), Objects: plugintest.Objects(),
		Replace: func(_ plugintest.T, name string, content []byte) { store.Set(name, content) }}
}

func TestARightSourcePasses(t *testing.T) {
	for name, test := range plugintest.Source(fixture(nil)) {
		t.Run(name, func(t *testing.T) { test(t) })
	}
}

func TestEverySourceTestBites(t *testing.T) {
	var bitten []string
	for name, wrong := range Sources() {
		t.Run(name, func(t *testing.T) {
			failed := map[string]bool{}
			for _, r := range plugintest.Source(fixture(wrong.Make)).Results(t.Context()) {
				failed[r.Test] = !r.Passed
			}
			if !failed[wrong.Bites] {
				t.Errorf("test %q did not notice a source that %s", wrong.Bites, name)
			}
			bitten = append(bitten, wrong.Bites)
		})
	}
	for name := range plugintest.Source(fixture(nil)) {
		if !slices.Contains(bitten, name) {
			t.Errorf("no wrong source shows that %q bites", name)
		}
	}
}
