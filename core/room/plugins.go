package room

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Numbers of the plugins' own users: one for each instance, none of them the
// application's or Envoy's.
const firstPluginUID = 64000

// instance is one plugin to be started, under a name that says its role.
type instance struct {
	role, name string // role is source, sink, consent, audit, key service, runtime
	v1.Plugin
}

func (i instance) key() string { return i.role + " " + i.name }

// governors are the plugins needed before anything else can be asked or recorded.
func governors(s *v1.Spec) (list []instance) {
	for _, e := range s.Governance.Consent {
		list = append(list, instance{"consent", e.Name, e.Plugin})
	}
	for _, e := range s.Governance.Audit {
		list = append(list, instance{"audit", e.Name, e.Plugin})
	}
	return list
}

// givers are the plugins that the line needs first once the room may open: they bring
// keys and data.
func givers(s *v1.Spec) (list []instance) {
	for _, k := range s.KeyServices {
		list = append(list, instance{"key service", k.Name, k.Plugin})
	}
	for _, x := range s.Sources {
		list = append(list, instance{"source", x.Name, x.Plugin})
	}
	return list
}

// launcher is the plugin that runs the application.
func launcher(s *v1.Spec) []instance {
	return []instance{{"runtime", s.Application.Runtime.Plugin, v1.Plugin{Plugin: s.Application.Runtime.Plugin}}}
}

// takers are the plugins that take what leaves.
func takers(s *v1.Spec) (list []instance) {
	for _, x := range s.Sinks {
		list = append(list, instance{"sink", x.Name, x.Plugin})
	}
	return list
}

// startPlugins starts all of list at once. The binaries' digests come from the
// lock, and so are part of the agreed policy.
func (r *room) startPlugins(ctx context.Context, list []instance) error {
	if err := os.MkdirAll(r.pluginDir(), 0o711); err != nil { // each gets a folder of its own in it
		return err
	}
	started := make([]*plugin.Process, len(list))
	group, gctx := errgroup.WithContext(ctx)
	for n, i := range list {
		uid := uint32(firstPluginUID + len(r.plugins) + n)
		group.Go(func() (err error) {
			started[n], err = r.startPlugin(gctx, i, uid)
			return err
		})
	}
	err := group.Wait()
	for n, p := range started {
		if p == nil {
			continue
		}
		r.mu.Lock()
		r.plugins[list[n].key()] = p
		r.mu.Unlock()
		r.later(p.Close)
		go r.watchPlugin(ctx, list[n], p)
	}
	return err
}

func (r *room) pluginDir() string { return filepath.Join(r.State, "plugin") }

func (r *room) startPlugin(ctx context.Context, i instance, uid uint32) (*plugin.Process, error) {
	sum, err := r.lock.Plugin(i.Plugin.Plugin)
	if err != nil {
		return nil, err
	}
	return plugin.Start(ctx, plugin.Options{
		Name:       i.Plugin.Plugin,
		Path:       filepath.Join(r.Plugins, filepath.FromSlash(i.Plugin.Plugin)),
		Checksum:   sum,
		Instance:   i.name,
		Config:     i.Config,
		UID:        uid,
		Privileged: i.role == "runtime",
		TempDir:    r.pluginDir(),
		Simulated:  r.Simulated,
		Observe: func(ctx context.Context, call string) (context.Context, func(error)) {
			return r.telemetry.Call(ctx, i.Plugin.Plugin, i.name, call)
		},
		Tokens: func(_ context.Context, audience string) (string, time.Time, error) {
			if audience != "storage" || (i.role != "source" && i.role != "sink") {
				return "", time.Time{}, fault.New(fault.Denied, "token", "%s has no token for %q", i.key(), audience)
			}
			return r.Credential[i.role+"/"+i.name], time.Time{}, nil
		},
		Log: r.Log,
	})
}

// watchPlugin ends the run when a plugin dies before the room closes it: the
// restart budget is zero.
func (r *room) watchPlugin(ctx context.Context, i instance, p *plugin.Process) {
	select {
	case <-p.Done():
		r.stop(fault.New(fault.Unavailable, "plugin", "%s (%s) died: %v", i.key(), i.Plugin.Plugin, p.Err()))
	case <-ctx.Done():
	}
}

func (r *room) plugin(role, name string) (*plugin.Process, error) {
	r.mu.Lock()
	p := r.plugins[role+" "+name]
	r.mu.Unlock()
	if p == nil {
		return nil, fault.New(fault.Internal, "plugin", "no %s named %q was started", role, name)
	}
	return p, nil
}

func part(s string) map[string]string { return map[string]string{"part": s} }
