package room

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/firewall"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// consentToOpen builds the gate and opens the room: the first event carries the
// evidence that the event key is this room's. What this lets begin goes on beside
// the fence and the proxy; its record ends with it.
func (r *room) consentToOpen(ctx context.Context) error {
	evidence, err := r.evidence.Marshal()
	if err != nil {
		return err
	}
	c := governance.Config{Contract: r.contract, Room: r.id, Key: r.eventKey, Evidence: evidence, RuntimeData: r.runtimeData, Log: r.Log}
	for _, e := range r.spec.Governance.Consent {
		p, err := r.plugin("consent", e.Name)
		if err != nil {
			return err
		}
		client, err := p.Governance()
		if err != nil {
			return err
		}
		c.Consent = append(c.Consent, governance.Consenter{Name: e.Name, Operations: e.Operations, Timeout: time.Duration(e.Timeout), Client: asked{client, &r.waits}, AnswerKey: key(e.AnswerKey)})
	}
	for _, e := range r.spec.Governance.Audit {
		p, err := r.plugin("audit", e.Name)
		if err != nil {
			return err
		}
		client, err := p.Governance()
		if err != nil {
			return err
		}
		c.Audit = append(c.Audit, governance.Recorder{Name: e.Name, Timeout: time.Duration(e.Timeout), Client: asked{client, &r.waits}, AnswerKey: key(e.AnswerKey)})
	}
	if r.gate, err = governance.New(c); err != nil {
		return err
	}
	r.ready = make(chan struct{})
	opened := make(chan struct{})
	r.opening = r.beside(ctx, func(ctx context.Context) error {
		return r.gate.Do(ctx, governance.Request{Operation: governance.RoomOpen, Subject: r.spec.Name, Details: part("room")}, func(ctx context.Context, _ permit.Permit) error {
			r.opened = true
			close(opened)
			err := r.furnish(ctx)
			if err != nil {
				r.stop(err) // before it is recorded: then nothing is but the close
			}
			return err
		})
	})
	return r.opening.until(opened)
}

// startGovernors starts the plugins of governance. They are the last to end, after
// the last record.
func (r *room) startGovernors(ctx context.Context) error {
	err := r.startPlugins(ctx, governors(r.spec))
	r.governors = len(r.undo)
	return err
}

// furnish starts the plugins that may run now that the room may open, and has the
// runtime verify the application's image and unpack it into the room's memory.
// Nothing of that can run before the application may. What the line needs first comes
// first: all of it at once would make the fence and the proxy late where cores are few.
func (r *room) furnish(ctx context.Context) error {
	if err := r.startPlugins(ctx, givers(r.spec)); err != nil {
		return err
	}
	close(r.ready)
	if err := r.startPlugins(ctx, launcher(r.spec)); err != nil {
		return err
	}
	proc, err := r.plugin("runtime", r.spec.Application.Runtime.Plugin)
	if err != nil {
		return err
	}
	if r.app, err = proc.Runtime(); err != nil {
		return err
	}
	state := filepath.Join(r.State, "runtime")
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	image := r.spec.Application.Image
	if _, err = r.app.Prepare(ctx, &runtimev1.PrepareRequest{Layout: filepath.Join(r.Images, image.Hex()), Digest: image.String(), StateDir: state}); err != nil {
		return err
	}
	return r.startPlugins(ctx, takers(r.spec))
}

// key decodes a public key that spec.Validate has seen to be well-formed; none
// stays none.
func key(b64 string) ed25519.PublicKey {
	if b64 == "" {
		return nil
	}
	b, _ := base64.StdEncoding.DecodeString(b64) // validated with the document
	return b
}

// fence makes the application's network and its packet filter, and reads the
// filter back from the kernel before anything depends on it.
func (r *room) fence(ctx context.Context) error {
	return r.gate.Do(ctx, governance.Request{Operation: governance.RoomOpen, Subject: r.spec.Name, Details: part("fence")}, func(ctx context.Context, p permit.Permit) error {
		rules, err := firewall.Plan(firewall.Config{Routes: proxy.Synthetic, ProxyPort: proxy.EnvoyPort, RefusePort: proxy.SinkPort, DNSPort: proxy.DNSPort})
		if err != nil {
			return err
		}
		v6, err := sandbox.IPv6()
		if err != nil {
			return err
		}
		if r.net, err = sandbox.NewNetwork(filepath.Join(r.State, "netns")); err != nil {
			return err
		}
		r.later(r.net.Close)
		return firewall.Apply(ctx, p, r.spec.Name, r.net, rules, v6)
	})
}

// startProxy stands up Envoy, the filter and the dialers. Every route is still shut.
func (r *room) startProxy(ctx context.Context) error {
	return r.gate.Do(ctx, governance.Request{Operation: governance.RoomOpen, Subject: r.spec.Name, Details: part("proxy")}, func(ctx context.Context, p permit.Permit) error {
		c := proxy.Config{Room: r.spec.Name, Net: r.net, EnvoyPath: r.Envoy, Dir: filepath.Join(r.State, "proxy"), UID: envoyUID, Simulated: r.Simulated, Log: r.Log}
		for _, o := range r.spec.Network.Outbound {
			bundle, err := proxy.LoadBundle(os.DirFS(filepath.Join(r.Policies, o.Name)))
			if err != nil {
				return fault.Wrap("bundle policies/"+o.Name, err)
			}
			c.Routes = append(c.Routes, proxy.Route{Outbound: o, Bundle: bundle})
		}
		var err error
		if r.proxy, err = proxy.Start(ctx, p, c); err != nil {
			return err
		}
		r.later(r.proxy.Close)
		return nil
	})
}

// envoyUID is Envoy's own user: nobody else's, and not the application's.
const envoyUID = 63999
