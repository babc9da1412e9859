package main

import (
	"context"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest/broken"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

var pluginJSON = []byte(`{"name":"source/mystore","version":"1.2.3",
"services":["cleanroom.plugin.control.v1.Control","cleanroom.plugin.datasource.v1.DataSource"],
"capabilities":[],"hostServices":[],"tokenAudiences":[]}
`)

// fakePlugin is the source plugin mystore, which its configuration can make a wrong one.
func fakePlugin() {
	sdk.Serve(&pick{Source: right()}, pluginJSON)
	os.Exit(0)
}

func right() *plugintest.MemorySource {
	return &plugintest.MemorySource{Base: plugintest.Base{About: sdk.MustManifest(pluginJSON)}, Store: plugintest.NewStore(plugintest.Objects())}
}

type pick struct{ sdk.Source }

type pickConfig struct {
	Broken string `json:"broken,omitempty"` // of package broken
}

func (*pick) Validate(config []byte) []sdk.Violation { return sdk.DecodeConfig(config, &pickConfig{}) }

func (p *pick) Configure(_ context.Context, s sdk.Setup) error {
	var c pickConfig
	if vs := sdk.DecodeConfig(s.Config, &c); vs != nil {
		return sdk.Reject(vs...)
	}
	if wrong, ok := broken.Sources()[c.Broken]; ok {
		p.Source = wrong.Make(right())
	}
	return nil
}
