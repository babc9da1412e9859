package api

import (
	"bytes"
	"crypto/ed25519"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/spec"
)

// ActType is the only value of Act.Type.
const ActType = "cleanroom.act/v1"

// What a party can do.
const (
	Propose = "propose" // put a contract up for the vote
	Vote    = "vote"    // for it (Yes) or not; the last vote counts
	Switch  = "switch"  // consent to Operations on (Yes) or off
)

// maxAct bounds an act, in bytes of canonical JSON.
const maxAct = 4 << 10

// Act is what a party signs. Service and Counter make it good for one service, once.
type Act struct {
	Contract      digest.SHA256 `json:"contract"`
	Counter       uint64        `json:"counter"` // above that of every earlier act of the party at this service
	Kind          string        `json:"kind"`
	Operations    []string      `json:"operations,omitempty"` // of a switch
	Party         string        `json:"party"`
	Policy        digest.SHA256 `json:"policy,omitzero"` // of a proposal
	Service       []byte        `json:"service"`         // the service's public key
	Specification digest.SHA256 `json:"specification,omitzero"`
	Type          string        `json:"type"`
	Yes           bool          `json:"yes,omitempty"` // of a vote or switch
}

// SignedAct is an act's canonical JSON and its party's Ed25519 signature over it.
type SignedAct struct {
	Act       []byte `json:"act"`
	Signature []byte `json:"signature"`
}

// Sign returns a in canonical form, signed. An act that Parse would refuse is Invalid.
func (a Act) Sign(key ed25519.PrivateKey) (SignedAct, error) {
	a.Type = ActType
	if err := a.check(); err != nil {
		return SignedAct{}, err
	}
	b, err := canonical.Marshal(a)
	if err != nil {
		return SignedAct{}, fault.New(fault.Invalid, "governance.act", "%w", err)
	}
	return SignedAct{Act: b, Signature: ed25519.Sign(key, b)}, nil
}

// Parse reads the act strictly, without looking at the signature. Its errors are Invalid.
func (s SignedAct) Parse() (Act, error) {
	if len(s.Act) > maxAct {
		return Act{}, fault.New(fault.Invalid, "governance.act", "has %d bytes, more than %d", len(s.Act), maxAct)
	}
	var a Act
	if err := canonical.Unmarshal(s.Act, &a); err != nil {
		return Act{}, fault.New(fault.Invalid, "governance.act", "%w", err)
	}
	return a, a.check()
}

// Verify returns the act if key signed it for this service; Denied if not.
func (s SignedAct) Verify(key ed25519.PublicKey, service []byte) (Act, error) {
	a, err := s.Parse()
	if err != nil {
		return Act{}, err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, s.Act, s.Signature) {
		return Act{}, fault.New(fault.Denied, "governance.act", "not signed by %s", a.Party)
	}
	if !bytes.Equal(a.Service, service) {
		return Act{}, fault.New(fault.Denied, "governance.act", "is for another service")
	}
	return a, nil
}

func (a Act) check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.act", format, args...)
	}
	proposal := a.Kind == Propose
	switch {
	case a.Type != ActType:
		return bad("type: must be %s (got %.40q)", ActType, a.Type)
	case a.Kind != Propose && a.Kind != Vote && a.Kind != Switch:
		return bad("kind: is not known (got %.40q)", a.Kind)
	case a.Party == "" || len(a.Party) > 128:
		return bad("party: is required")
	case a.Contract.IsZero():
		return bad("contract: is required")
	case a.Counter == 0:
		return bad("counter: starts at 1")
	case len(a.Service) != ed25519.PublicKeySize:
		return bad("service: must be the service's public key")
	case proposal == a.Specification.IsZero() || proposal == a.Policy.IsZero():
		return bad("specification, policy: belong to a proposal, and to nothing else")
	case proposal && a.Yes:
		return bad("yes: belongs to a vote or switch")
	case (a.Kind == Switch) != (len(a.Operations) > 0):
		return bad("operations: belong to a switch, and to nothing else")
	}
	if proposal {
		want, err := spec.Contract(a.Specification, a.Policy)
		if err != nil {
			return fault.Wrap("governance.act", err)
		}
		if !want.Equal(a.Contract) {
			return bad("contract: is not the digest over specification and policy, %s", want)
		}
	}
	for i, op := range a.Operations {
		if !governance.IsOperation(op) || !governance.NeedsConsent(op) {
			return bad("operations[%d]: %.40q asks for no consent", i, op)
		}
	}
	return nil
}
