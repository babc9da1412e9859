// Package governancetest is a governance backend in memory that keeps the real one's
// rules, and the kit of tests that both pass. It is for tests alone and agrees to nothing
// until it is told to.
package governancetest

import (
	"context"
	"crypto/ed25519"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// Backend implements governance.Client. Its methods may be called concurrently.
type Backend struct {
	// Unsigned makes the backend answer as one that does not sign. Set it before use.
	Unsigned bool
	// Before, if set, runs before each call: method is "consent" or "record". Its error is
	// the call's. Set it before use.
	Before func(ctx context.Context, method string, r governance.Request, phase governance.Phase) error

	key ed25519.PrivateKey

	mu      sync.Mutex
	granted map[string]bool // by operation
	rooms   map[string]*room
	index   uint64 // of the next event
	asked   int
}

type room struct {
	chain    *governance.Chain
	events   []governance.SignedEvent
	receipts map[digest.SHA256]*governancev1.RecordResponse
}

// New returns a backend with a key of its own that grants the given operations.
func New(granted ...string) *Backend {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // the system has no randomness: no test can run
	}
	b := &Backend{key: key, granted: map[string]bool{}, rooms: map[string]*room{}}
	for _, op := range granted {
		b.granted[op] = true
	}
	return b
}

// Key returns the key that signs answers and receipts.
func (b *Backend) Key() ed25519.PublicKey { return b.key.Public().(ed25519.PublicKey) }

// Switch turns consent to an operation on or off.
func (b *Backend) Switch(operation string, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.granted[operation] = on
}

// Asked returns the number of questions that were answered.
func (b *Backend) Asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// Events returns what is recorded of a room, in order.
func (b *Backend) Events(name string) []governance.SignedEvent {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rooms[name]; r != nil {
		return append([]governance.SignedEvent(nil), r.events...)
	}
	return nil
}

// Consent answers by the switches.
func (b *Backend) Consent(ctx context.Context, q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	if b.Before != nil {
		r := governance.Request{Operation: q.GetOperation(), Subject: q.GetSubject()}
		if err := b.Before(ctx, "consent", r, ""); err != nil {
			return nil, err
		}
	}
	if err := governance.CheckQuestion(q); err != nil {
		return nil, err
	}
	b.mu.Lock()
	granted := b.granted[q.GetOperation()]
	b.asked++
	b.mu.Unlock()
	reason := ""
	if !granted {
		reason = "consent is switched off"
	}
	a, err := governance.NewAnswer(q, granted, reason)
	if err != nil {
		return nil, err
	}
	resp, err := a.Sign(b.key)
	if err == nil && b.Unsigned {
		resp.Answer, resp.Signature = nil, nil
	}
	return resp, err
}

// Record appends an event to its room's chain, or refuses it.
func (b *Backend) Record(ctx context.Context, q *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	e, err := governance.ParseEvent(q.GetEvent())
	if err != nil {
		return nil, err
	}
	if b.Before != nil {
		r := governance.Request{Operation: e.Operation, Subject: e.Subject, Details: e.Details}
		if err := b.Before(ctx, "record", r, e.Phase); err != nil {
			return nil, err
		}
	}
	if len(q.GetRoomKey()) != ed25519.PublicKeySize {
		return nil, fault.New(fault.Invalid, "governancetest.record", "room_key: must have %d bytes", ed25519.PublicKeySize)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rooms[e.Room]
	if r == nil {
		r = &room{chain: governance.NewChain(q.GetRoomKey()), receipts: map[digest.SHA256]*governancev1.RecordResponse{}}
	}
	s := governance.SignedEvent{Event: q.GetEvent(), Signature: q.GetSignature()}
	if resp := r.receipts[s.Digest()]; resp != nil {
		return resp, nil // sent again because our answer was lost
	}
	if _, err := r.chain.Accept(s); err != nil {
		return nil, err
	}
	resp, err := governance.Receipt{Event: s.Digest(), Index: b.index, Room: e.Room, Seq: e.Seq}.Sign(b.key)
	if err != nil {
		return nil, err
	}
	if b.Unsigned {
		resp = &governancev1.RecordResponse{}
	}
	b.index++
	r.events = append(r.events, s)
	r.receipts[s.Digest()] = resp
	b.rooms[e.Room] = r
	return resp, nil
}
