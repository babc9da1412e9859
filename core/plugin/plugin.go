// Package plugin starts the out-of-process plugins of a room and gives the room what they
// do, with errors of our kinds. A plugin is not trusted: its binary's digest is pinned, it
// runs as a user of its own without capabilities, and each of its answers is checked for
// shape and bound here; whether the content is true is for the caller to check (manifest
// and tags, signatures over nonces). This package never retries and never restarts.
package plugin

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
)

// Tokens makes a short-lived credential for one audience. An empty token means that the
// room has none for it, which a plugin takes as anonymous.
type Tokens func(ctx context.Context, audience string) (token string, expires time.Time, err error)

// Options say which plugin runs, as whom, and with what. Name, Path, Checksum, Instance,
// TempDir and Log are required; so is UID, unless Privileged.
type Options struct {
	Name     string        // kind and name, such as source/azblob
	Path     string        // of the binary; its plugin.json is at Path + ".json"
	Checksum digest.SHA256 // of the binary, from images.lock

	Instance  string         // the specification's name for it
	Config    map[string]any // the plugin's own
	Simulated bool           // plain http endpoints are allowed only where true

	// UID is the user and group of the plugin, its own. A host that is not root can only
	// give its own.
	UID uint32
	// Privileged keeps the host's user and capabilities: for a runtime, which launches
	// containers, and for nothing else.
	Privileged bool
	// TempDir is an absolute path in memory. The plugin gets a folder of its own in it, which
	// it must be able to reach: every folder above needs mode o+x.
	TempDir string

	Tokens Tokens       // nil: every audience is Denied
	Log    *slog.Logger // gets the plugin's lines
	// Observe is called around each call, with its name alone, such as consent; may be nil.
	Observe      func(ctx context.Context, call string) (context.Context, func(error))
	StartTimeout time.Duration // until it is configured; zero means 10 s
}

// Process is a running, configured plugin. Its methods may be called concurrently.
type Process struct {
	kind    string
	name    string
	conn    *wire.Conn
	data    *data.Client // of sources and sinks
	logs    *lines
	about   manifest.Description
	options Options
}

// Start starts and configures a plugin. A wrong digest, or a Describe that differs from
// plugin.json, is Tampered; a configuration that the plugin refuses is Invalid, with every
// field path; a plugin that crashes or hangs is Unavailable after StartTimeout. On any
// error nothing stays behind.
//
// The plugin dies with this process: its parent is one locked thread of it, whose end is
// its death signal. In a room the pid namespace says so once more.
func Start(ctx context.Context, o Options) (*Process, error) {
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	about, err := o.check()
	if err != nil {
		return nil, fault.Wrap("plugin "+o.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	logs := newLines(o.Log, o.Name, o.Instance)
	conn, err := wire.Launch(ctx, wire.Command{Name: o.Name, Path: o.Path, Checksum: o.Checksum, UID: o.UID,
		Privileged: o.Privileged, TempDir: o.TempDir, Timeout: o.StartTimeout, Stderr: logs})
	if err != nil {
		return nil, fault.Wrap("plugin "+o.Name, err)
	}
	kind, _, _ := strings.Cut(o.Name, "/")
	p := &Process{kind: kind, name: o.Name, conn: conn, logs: logs, about: about, options: o}
	if err := p.setUp(ctx); err != nil {
		p.Close()
		return nil, fault.Wrap("plugin "+o.Name, err)
	}
	return p, nil
}

// Pid is the process number, in the pid namespace of the host.
func (p *Process) Pid() int { return p.conn.Pid() }

// Done is closed when the process has ended, whatever the reason.
func (p *Process) Done() <-chan struct{} { return p.conn.Done() }

// Err is nil while the process runs, then Unavailable with how it ended.
func (p *Process) Err() error { return fault.Wrap("plugin "+p.name, p.conn.Err()) }

// Close asks the plugin to end, kills it if it does not, and removes all it left. It
// returns when the process is gone; calls in flight end with Unavailable.
func (p *Process) Close() error {
	p.conn.Close()
	if p.data != nil {
		p.data.Close()
	}
	return nil
}

// Capabilities is what the plugin can do beyond its services.
func (p *Process) Capabilities() []string { return p.about.Capabilities }
