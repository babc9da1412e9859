package room

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// releaseKeys asks each source's key service for its KEK, and keeps only the
// dataset key that it unwraps.
func (r *room) releaseKeys(ctx context.Context) error {
	if err := r.opening.until(r.ready); err != nil {
		return err
	}
	evidence, err := r.evidence.Marshal()
	if err != nil {
		return err
	}
	return r.eachSource(ctx, func(ctx context.Context, s v1.Source) error {
		req := governance.Request{Operation: governance.KeyRelease, Subject: s.Name, Details: map[string]string{"keyService": s.Sealing.KeyService, "key": s.Sealing.Key}}
		return r.gate.Do(ctx, req, func(ctx context.Context, p permit.Permit) error {
			return r.releaseKey(ctx, p, s, evidence)
		})
	})
}

// eachSource does f for some sources at once. The first error ends the others.
func (r *room) eachSource(ctx context.Context, f func(context.Context, v1.Source) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sourcesAtOnce)
	for _, s := range r.spec.Sources {
		group.Go(func() error { return f(ctx, s) })
	}
	return group.Wait()
}

// sourcesAtOnce bounds what key services and storage are asked for at a time.
const sourcesAtOnce = 4

func (r *room) releaseKey(ctx context.Context, p permit.Permit, s v1.Source, evidence []byte) error {
	proc, err := r.plugin("key service", s.Sealing.KeyService)
	if err != nil {
		return err
	}
	svc, err := proc.KeyService()
	if err != nil {
		return err
	}
	var answerKey ed25519.PublicKey
	for _, k := range r.spec.KeyServices {
		if k.Name == s.Sealing.KeyService {
			answerKey = key(k.AnswerKey)
		}
	}
	kek, err := keyrelease.Fetch(ctx, p, released{svc, &r.waits}, keyrelease.Request{
		Source: s.Name, Key: s.Sealing.Key, AnswerKey: answerKey,
		Evidence: evidence, RuntimeData: r.runtimeData, WrapKey: r.wrapKey, Platform: r.spec.Platform,
	})
	if err != nil {
		return err
	}
	defer kek.Destroy()
	wrapped, err := base64.StdEncoding.DecodeString(s.Sealing.WrappedDEK)
	if err != nil {
		return fault.New(fault.Invalid, "wrapped key", "source %s: %w", s.Name, err)
	}
	dek, err := keyrelease.UnwrapDEK(kek, wrapped, keyrelease.DEKContext(s.Name, s.Sealing.Version))
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.keys[s.Name] = dek
	r.mu.Unlock()
	r.later(func() error { dek.Destroy(); return nil })
	return nil
}

// consentToPresent asks for all sources before any of them is presented, so a
// refusal of one leaves none in clear.
func (r *room) consentToPresent(ctx context.Context) error {
	var all []governance.Request
	for _, s := range r.spec.Sources {
		all = append(all, governance.Request{Operation: governance.DataPresent, Subject: s.Name})
	}
	return r.gate.Ask(ctx, all...)
}

// mount presents each source's blobs as clear, read-only files.
func (r *room) mount(ctx context.Context) error {
	// Under the stage's own context: what watches a mount outlives the group.
	return r.eachSource(ctx, func(_ context.Context, s v1.Source) error {
		req := governance.Request{Operation: governance.DataPresent, Subject: s.Name, Details: map[string]string{"manifest": s.Sealing.ManifestDigest.String()}}
		return r.gate.Do(ctx, req, func(ctx context.Context, p permit.Permit) error {
			return r.mountSource(ctx, p, s)
		})
	})
}

func (r *room) mountSource(ctx context.Context, p permit.Permit, s v1.Source) error {
	proc, err := r.plugin("source", s.Name)
	if err != nil {
		return err
	}
	src, err := proc.Source()
	if err != nil {
		return err
	}
	var signer ed25519.PublicKey
	for _, party := range r.spec.Parties {
		if party.Name == s.Party {
			signer = key(party.SignKey)
		}
	}
	end := r.waits.begin()
	object, err := volume.OpenObject(ctx, src, s.Sealing.Manifest, volume.MaxManifest)
	end()
	if err != nil {
		return err
	}
	m, err := sealed.OpenManifest(ctx, object, object.Size(), r.keys[s.Name], sealed.Pin{
		Dataset: s.Name, Version: s.Sealing.Version, Digest: s.Sealing.ManifestDigest, Signer: signer,
	})
	if err != nil {
		return err
	}
	dir := filepath.Join(r.State, "in", s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mounted, err := volume.Mount(ctx, p, dir, volume.Dataset{Name: s.Name, Manifest: m, Source: src, DEK: r.keys[s.Name]}, volume.Options{UID: r.hostUID(), GID: r.hostUID()})
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.mounts[s.Name] = mounted
	r.mu.Unlock()
	r.later(mounted.Close)
	go func() {
		select {
		case err := <-mounted.Failed():
			r.stop(fault.Wrap("source "+s.Name, err))
		case <-ctx.Done():
		}
	}()
	return nil
}

// consentToRelease asks for all outputs before any of them is sealed.
func (r *room) consentToRelease(ctx context.Context) error {
	var all []governance.Request
	for _, o := range r.spec.Application.Outputs {
		all = append(all, governance.Request{Operation: governance.OutputRelease, Subject: o.Sink})
	}
	return r.gate.Ask(ctx, all...)
}

// commit seals each output volume to its recipients and publishes it whole.
func (r *room) commit(ctx context.Context) error {
	left := int64(r.spec.Limits.BytesOut) // for all outputs together
	for n, o := range r.spec.Application.Outputs {
		if left <= 0 {
			return fault.New(fault.Denied, governance.OutputRelease, "%s: limits.bytesOut (%d) is used up by the outputs before", o.Sink, int64(r.spec.Limits.BytesOut))
		}
		out := volume.Output{Operation: governance.OutputRelease, Dir: r.staging[n].Dir(), SinkName: o.Sink, Prefix: o.Object + "/" + r.id, Limit: left}
		if err := r.release(ctx, out); err != nil {
			return err
		}
		left -= r.result.Outputs[len(r.result.Outputs)-1].Bytes
	}
	return nil
}

// release passes one sealed output, or the console's log, through the gate. Its
// digest is in the audit, so that a recipient knows which one is the room's.
func (r *room) release(ctx context.Context, out volume.Output) error {
	proc, err := r.plugin("sink", out.SinkName)
	if err != nil {
		return err
	}
	if out.Sink, err = proc.Sink(); err != nil {
		return err
	}
	out.Signer, out.Contract, out.Room = r.eventKey, r.contract, r.id
	for _, s := range r.spec.Sinks {
		if s.Name == out.SinkName {
			out.Recipients = r.recipients(s)
		}
	}
	var c volume.Committed
	published := func() map[string]string {
		return map[string]string{"manifest": c.Manifest, "digest": c.Digest.String(), "files": fmt.Sprint(c.Files), "bytes": fmt.Sprint(c.Bytes)}
	}
	return r.gate.Do(ctx, governance.Request{Operation: out.Operation, Subject: out.SinkName, Outcome: published}, func(ctx context.Context, p permit.Permit) (err error) {
		if c, err = volume.Commit(ctx, p, out); err != nil {
			return err
		}
		r.result.Outputs = append(r.result.Outputs, Released{Sink: out.SinkName, Manifest: c.Manifest, Digest: c.Digest, Files: c.Files, Bytes: c.Bytes})
		return nil
	})
}

func (r *room) recipients(s v1.Sink) (keys [][]byte) {
	for _, name := range s.Recipients {
		for _, p := range r.spec.Parties {
			if p.Name == name {
				keys = append(keys, key(p.SealKey))
			}
		}
	}
	return keys
}
