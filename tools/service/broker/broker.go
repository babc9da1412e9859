// Package broker is a provider's own key service: it keeps KEKs, and wraps one to
// a room whose evidence meets the key's release policy. Keys are in this process's
// memory alone: they are never written to disk, and are gone with the process. It
// never sends a key in clear, and never judges evidence by anything but the one
// verifier it was built with.
package broker

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
)

// Config is what a broker is made of. Every field is required.
type Config struct {
	Platform string // the one kind of evidence Verify accepts (package spec/v1)
	Verify   func(ev attest.Evidence, ex attest.Expectations, now time.Time) error
	SignKey  ed25519.PrivateKey // signs answers
	Record   *Record            // keeps every decision
	Log      *slog.Logger
	Now      func() time.Time
}

// Broker decides releases. Its methods may be called concurrently.
type Broker struct {
	Config
	keys store
}

// New returns a broker without keys.
func New(c Config) (*Broker, error) {
	if c.Platform == "" || c.Verify == nil || len(c.SignKey) != ed25519.PrivateKeySize || c.Record == nil || c.Log == nil || c.Now == nil {
		return nil, fault.New(fault.Invalid, "broker.new", "platform, verifier, signing key, record, log and clock are required")
	}
	return &Broker{Config: c}, nil
}

var _ keyrelease.Service = (*Broker)(nil)

// Release wraps the key to the first key of the runtime data if the evidence
// shows all that the key's policy wants. Every decision is on disk before the
// answer leaves. Errors: NotFound, Invalid for a malformed question, Unattested
// with the link that broke, Unavailable when the decision cannot be kept.
func (b *Broker) Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error) {
	room, a, err := b.decide(key, evidence, runtimeData, nonce)
	if err == nil {
		answer, signature, err = a.Sign(b.SignKey)
	}
	d := Decision{Time: b.Now().UTC().Format(time.RFC3339Nano), Key: key, Room: room, Result: "released"}
	if err != nil {
		d.Result, d.Error = fault.KindOf(err).String(), err.Error()
	}
	if rerr := b.Record.Append(d); rerr != nil {
		return nil, nil, fault.New(fault.Unavailable, op, "key %s: keep the decision: %w", key, rerr)
	}
	b.Log.InfoContext(ctx, "key release decided", "key", key, "room", room, "result", d.Result, "error", d.Error)
	if err != nil {
		return nil, nil, err
	}
	return answer, signature, nil
}

const op = "broker.release"

// decide returns the room's name once its evidence vouches for it.
func (b *Broker) decide(key string, evidence, runtimeData, nonce []byte) (room string, a keyrelease.Answer, err error) {
	refuse := func(err error) (string, keyrelease.Answer, error) {
		return room, keyrelease.Answer{}, fault.New(fault.KindOf(err), op, "key %s: %w", key, err)
	}
	if len(nonce) != keyrelease.NonceSize {
		return refuse(fault.New(fault.Invalid, "nonce", "%d bytes, want %d", len(nonce), keyrelease.NonceSize))
	}
	e, err := b.keys.find(key)
	if err != nil {
		return refuse(err)
	}
	ev, err := attest.ParseEvidence(evidence)
	if err != nil {
		return refuse(err)
	}
	if ev.Platform != e.policy.Platform || ev.Platform != b.Platform {
		return refuse(fault.New(fault.Unattested, "platform", "evidence is %s, the key is for %s", ev.Platform, e.policy.Platform))
	}
	if err := b.Verify(ev, attest.Expectations{
		HostData:    e.policy.HostData,
		RuntimeData: runtimeData,
		MinimumTCB:  e.policy.MinimumTCB,
	}, b.Now()); err != nil {
		return refuse(err)
	}
	rd, err := attest.ParseRuntimeData(runtimeData)
	if err != nil {
		return refuse(err)
	}
	room = rd.Room
	if !rd.Contract.Equal(e.policy.Contract) {
		return refuse(fault.New(fault.Unattested, "contract", "the room runs %s, the key is for %s", rd.Contract, e.policy.Contract))
	}
	pub, err := rd.WrapKey()
	if err != nil {
		return refuse(err)
	}
	var wrapped []byte
	if err := e.kek.Use(func(k []byte) (err error) {
		wrapped, err = keyrelease.Wrap(pub, k)
		return err
	}); err != nil {
		return refuse(err)
	}
	return room, keyrelease.Answer{Nonce: nonce, Key: key, Wrapped: wrapped, Platform: e.policy.Platform}, nil
}
