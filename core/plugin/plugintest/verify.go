package plugintest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// nobody is the user that plugins under test run as where root tests them.
const nobody = 65534

// VerifyOptions say with what a finished plugin is tried. What stands behind it must run:
// a source must hold an object that is not empty, a sink must be writable.
type VerifyOptions struct {
	Config    map[string]any
	Simulated bool
	Tokens    plugin.Tokens
	UID       uint32 // zero: the caller's own, or nobody's for root
	TempDir   string // zero: a fresh one of the system
	Log       *slog.Logger
}

// Verify starts the plugin at binary, whose plugin.json is beside it, as a room would, and
// runs the kits of its kind over the wire. The first result says whether it starts at all.
func Verify(ctx context.Context, binary string, o VerifyOptions) []Result {
	if o.TempDir == "" {
		dir, err := os.MkdirTemp("", "verify")
		if err == nil {
			defer os.RemoveAll(dir)
			err = os.Chmod(dir, 0o711)
		}
		if err != nil {
			return []Result{{Test: "start: a folder for the plugin", Found: []string{err.Error()}}}
		}
		o.TempDir = dir
	}
	var p *plugin.Process
	start := attempt(ctx, func(t T) {
		var err error
		if p, err = o.start(ctx, binary); err != nil {
			t.Errorf("%v", err)
		}
	})
	results := []Result{{Test: "start: plugin.json, Describe and the configuration are accepted", Passed: len(start) == 0, Found: start}}
	if p == nil {
		return results
	}
	defer p.Close()
	good, err := json.Marshal(o.Config)
	if o.Config == nil || err != nil {
		good = []byte("{}")
	}
	kit := Config(over(ctx, p), good)
	maps.Copy(kit, kindKit(p))
	return append(results, kit.Results(ctx)...)
}

func (o VerifyOptions) start(ctx context.Context, binary string) (*plugin.Process, error) {
	raw, err := os.ReadFile(binary + ".json")
	if err != nil {
		return nil, err
	}
	about, err := manifest.Parse(raw)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(binary)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum, err := digest.OfReader(f)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	uid := o.UID
	if uid == 0 {
		if uid = uint32(os.Geteuid()); uid == 0 {
			uid = nobody
		}
	}
	privileged := strings.HasPrefix(about.Name, "runtime/") && os.Geteuid() == 0
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	return plugin.Start(ctx, plugin.Options{Name: about.Name, Path: path, Checksum: sum, Instance: "verify", Config: o.Config,
		Simulated: o.Simulated, UID: uid, Privileged: privileged, TempDir: o.TempDir, Tokens: o.Tokens, Log: log})
}

// over is a Validator over the wire.
func over(ctx context.Context, p *plugin.Process) Validator {
	return func(config []byte) []sdk.Violation {
		err := p.Validate(ctx, config)
		var vs wire.Violations
		switch {
		case err == nil:
			return nil
		case errors.As(err, &vs):
			return vs
		}
		return []sdk.Violation{{Description: err.Error()}}
	}
}

// kindKit is the kit of the plugin's kind, as far as it can be run without a hand on what
// stands behind the plugin.
func kindKit(p *plugin.Process) Kit {
	if s, err := p.Source(); err == nil {
		return Source(SourceFixture{Reader: s})
	}
	if s, err := p.Sink(); err == nil {
		return Sink(SinkFixture{Writer: s, Prefix: "verify-" + strings.ToLower(rand.Text()) + "/", Large: 20 << 20})
	}
	if g, err := p.Governance(); err == nil {
		return Governance(GovernanceFixture{Asker: g})
	}
	if k, err := p.KeyService(); err == nil {
		return KeyService(KeyServiceFixture{Releaser: k})
	}
	if r, err := p.Runtime(); err == nil {
		return Runtime(r)
	}
	return Kit{}
}
