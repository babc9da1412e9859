package room

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
)

// readSpec takes the documents only if they are the ones that the measured
// command line names, so another document cannot run under an agreed policy.
func (r *room) readSpec(context.Context) error {
	s, err := spec.Decode("specification", r.Document)
	if err != nil {
		return err
	}
	d, err := spec.Digest(s)
	if err != nil {
		return err
	}
	if !d.Equal(r.Specified) {
		return fault.New(fault.Unattested, "specification", "digest is %s, the command line names %s", d, r.Specified)
	}
	if d := digest.Of(r.Lock); !d.Equal(r.Locked) {
		return fault.New(fault.Unattested, "images.lock", "digest is %s, the command line names %s", d, r.Locked)
	}
	if (s.Platform == v1.PlatformSimulated) != r.Simulated {
		return fault.New(fault.Unattested, "platform", "the specification says %s, this room's device is simulated: %t", s.Platform, r.Simulated)
	}
	if r.lock, err = policy.ParseLock(r.Lock); err != nil {
		return err
	}
	if r.policy, err = policy.Render(s, r.lock); err != nil {
		return err
	}
	if r.contract, err = spec.Contract(d, r.policy.Hash); err != nil {
		return err
	}
	r.spec, r.result.Contract = s, r.contract
	return nil
}

// attest makes the room's own keys, binds them into evidence, and sees for
// itself that the platform enforces the agreed policy. What can then be asked is
// started meanwhile; nobody is asked anything before the evidence is there.
func (r *room) attest(ctx context.Context) error {
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	r.id = hex.EncodeToString(id)
	r.result.Room = r.id
	var err error
	if r.telemetry, err = telemetry.New(ctx, telemetry.Config{Service: "cleanroomd", Room: r.id, Contract: r.contract, Log: r.Log}); err != nil {
		return err
	}
	r.Log = r.telemetry.Logger() // from here on, what may leave is kept for later
	r.later(func() error { return r.telemetry.Close(context.Background()) })
	asking := r.beside(ctx, r.startGovernors) // an RSA key takes as long
	if r.wrapKey, err = newWrapKey(r.spec.KeyServices); err != nil {
		return err
	}
	var eventPub ed25519.PublicKey
	if eventPub, r.eventKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return err
	}
	data := attest.RuntimeData{Keys: []attest.JWK{attest.WrapKey(r.wrapKey.Public()), attest.Ed25519Key(eventPub)}, Contract: r.contract, Room: r.id}
	if r.runtimeData, err = data.Marshal(); err != nil {
		return err
	}
	if r.evidence, err = r.Attester.Attest(ctx, attest.ReportData(r.runtimeData)); err != nil {
		return err
	}
	host, err := r.evidence.HostData()
	if err != nil {
		return err
	}
	if !host.Equal(r.policy.Hash) {
		return fault.New(fault.Unattested, "host data", "the platform enforces policy %s, the specification and images give %s", host, r.policy.Hash)
	}
	return asking.wait()
}

// newWrapKey makes the key to which all key services of the room wrap.
func newWrapKey(services []v1.KeyService) (keyrelease.WrapKey, error) {
	for _, k := range services {
		if k.Wrap != v1.WrapHPKE {
			return keyrelease.NewRSA()
		}
	}
	return keyrelease.NewHPKE()
}
