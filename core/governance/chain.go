package governance

import (
	"crypto/ed25519"
	"errors"
	"maps"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// ErrIncomplete is in the error for a trail that is right as far as it goes but does
// not end with the room's close.
var ErrIncomplete = errors.New("the trail has no closing event")

// Chain follows the events of one room, and is the one place that knows which event may
// follow which. The gate, every backend and every verifier use it. It is not for
// concurrent use.
type Chain struct {
	key      ed25519.PublicKey
	contract digest.SHA256
	room     string
	seq      uint64
	last     digest.SHA256
	intents  map[uint64]Event // without an outcome yet
	opened   bool
	closing  bool
	closed   bool
}

// NewChain returns the empty chain of the room whose events key signs.
func NewChain(key ed25519.PublicKey) *Chain {
	return &Chain{key: key, intents: map[uint64]Event{}}
}

// Len returns the number of events.
func (c *Chain) Len() uint64 { return c.seq }

// Closed reports that the room's close has its outcome, so that no event can follow.
func (c *Chain) Closed() bool { return c.closed }

// Contract returns the contract of every event; zero before the first.
func (c *Chain) Contract() digest.SHA256 { return c.contract }

// Accept verifies that s is the next event and takes it in. On an error c is unchanged:
// Invalid for an event that is malformed or cannot follow, Tampered for one that was not
// signed by the room, is out of sequence, or does not continue the event before it.
func (c *Chain) Accept(s SignedEvent) (Event, error) {
	const op = "governance.chain"
	if len(c.key) != ed25519.PublicKeySize {
		return Event{}, fault.New(fault.Invalid, op, "no key to verify with")
	}
	if len(s.Event) > MaxEvent {
		return Event{}, fault.New(fault.Invalid, op, "event %d has %d bytes, more than %d", c.seq+1, len(s.Event), MaxEvent)
	}
	if !ed25519.Verify(c.key, s.Event, s.Signature) {
		return Event{}, fault.New(fault.Tampered, op, "event %d: not signed by the room's key", c.seq+1)
	}
	e, err := ParseEvent(s.Event)
	if err != nil {
		return Event{}, fault.New(fault.Invalid, op, "event %d: %w", c.seq+1, err)
	}
	if err := c.follows(e); err != nil {
		return Event{}, err
	}
	c.take(e, s.Digest())
	return e, nil
}

// follows says why e cannot be the next event, or nil.
func (c *Chain) follows(e Event) error {
	const op = "governance.chain"
	bad := func(kind fault.Kind, format string, args ...any) error {
		return fault.New(kind, op, "event %d: "+format, append([]any{c.seq + 1}, args...)...)
	}
	switch {
	case e.Seq != c.seq+1:
		return bad(fault.Tampered, "has the number %d", e.Seq)
	case c.seq > 0 && !e.Previous.Equal(c.last):
		return bad(fault.Tampered, "does not continue the event before it")
	case c.seq > 0 && (!e.Contract.Equal(c.contract) || e.Room != c.room):
		return bad(fault.Tampered, "is of another contract or room")
	case c.closed:
		return bad(fault.Invalid, "the room is closed")
	case c.seq == 0 && (e.Operation != RoomOpen || e.Phase != Intent && e.Phase != Refused):
		return bad(fault.Invalid, "a trail begins with %s (got %s, %s)", RoomOpen, e.Operation, e.Phase)
	}
	switch e.Phase {
	case Intent:
		if c.closing {
			return bad(fault.Invalid, "the room is closing")
		}
		if c.seq > 0 && !c.opened && e.Operation != RoomClose {
			return bad(fault.Invalid, "the room is not open")
		}
	case Done, Failed:
		i, ok := c.intents[e.Intent]
		if !ok || i.Operation != e.Operation || i.Subject != e.Subject {
			return bad(fault.Tampered, "is the outcome of no intent (event %d)", e.Intent)
		}
		if e.Operation == RoomClose && len(c.intents) > 1 {
			return bad(fault.Invalid, "the room closes before every operation has an outcome")
		}
	}
	return nil
}

func (c *Chain) take(e Event, d digest.SHA256) {
	c.seq, c.last, c.contract, c.room = e.Seq, d, e.Contract, e.Room
	switch e.Phase {
	case Intent:
		c.intents[e.Seq] = Event{Operation: e.Operation, Subject: e.Subject}
		c.opened = c.opened || e.Operation == RoomOpen
		c.closing = c.closing || e.Operation == RoomClose
	case Done, Failed:
		delete(c.intents, e.Intent)
		c.opened = c.opened && !(e.Operation == RoomOpen && e.Phase == Failed)
		c.closed = e.Operation == RoomClose
	}
}

// Clone returns an independent copy.
func (c *Chain) Clone() *Chain {
	d := *c
	d.intents = maps.Clone(c.intents)
	return &d
}

// VerifyTrail verifies a room's whole trail: every event signed by key, of this contract,
// none missing, changed or moved, every intent with its outcome, from room.open to
// room.close. A trail that stops early is Tampered with ErrIncomplete.
func VerifyTrail(events []SignedEvent, key ed25519.PublicKey, contract digest.SHA256) error {
	const op = "governance.trail"
	if len(key) != ed25519.PublicKeySize || contract.IsZero() {
		return fault.New(fault.Invalid, op, "key and contract to verify against are required")
	}
	c := NewChain(key)
	for _, s := range events {
		e, err := c.Accept(s)
		if err != nil {
			return fault.New(fault.Tampered, op, "%w", err)
		}
		if !e.Contract.Equal(contract) {
			return fault.New(fault.Tampered, op, "event %d: is of contract %s, want %s", e.Seq, e.Contract, contract)
		}
	}
	if !c.Closed() {
		return fault.New(fault.Tampered, op, "%w after %d events", ErrIncomplete, c.Len())
	}
	return nil
}
