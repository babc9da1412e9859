package governance

import (
	"bytes"
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// entry is one entry of the log: an act or an event, and when it came.
type entry struct {
	Act   *api.SignedAct `json:"act,omitempty"`
	Event *api.Event     `json:"event,omitempty"`
	Time  int64          `json:"time"` // of the service's clock, in milliseconds since 1970
}

// state is what the log's entries add up to. It is a function of the entries alone, so
// that a service which starts again knows what it knew.
type state struct {
	key       ed25519.PrivateKey
	parties   map[string]ed25519.PublicKey
	counters  map[string]uint64
	contracts map[digest.SHA256]*contract
	rooms     map[roomID]*room
}

// Anyone who knows a contract can bring events of rooms that never were: who rooms are is
// for those to say who verify their evidence. These bound what that costs the service.
const (
	maxRooms  = 10_000 // of one contract
	maxEvents = 10_000 // of one room
)

type contract struct {
	api.Contract
	acts  []api.LoggedAct
	rooms int
}

// roomID names a room by its events' key too: nobody can take a name away from another.
type roomID struct{ name, key string }

type room struct {
	chain    *core.Chain
	events   []api.LoggedEvent
	receipts map[digest.SHA256]api.Receipt
}

func newState(key ed25519.PrivateKey, parties []api.Party) *state {
	s := &state{
		key: key, parties: map[string]ed25519.PublicKey{}, counters: map[string]uint64{},
		contracts: map[digest.SHA256]*contract{}, rooms: map[roomID]*room{},
	}
	for _, p := range parties {
		s.parties[p.Name], s.counters[p.Name] = p.Key, 0
	}
	return s
}

// plan says whether e may be appended now. It changes nothing: apply does, once e is
// durable at its index.
func (s *state) plan(e entry) (apply func(index uint64) error, err error) {
	switch {
	case e.Act != nil && e.Event == nil:
		return s.planAct(*e.Act, e.Time)
	case e.Event != nil && e.Act == nil:
		return s.planEvent(*e.Event, e.Time)
	}
	return nil, fault.New(fault.Invalid, "governance.entry", "is neither an act nor an event")
}

func (s *state) planAct(signed api.SignedAct, time int64) (func(uint64) error, error) {
	const op = "governance.act"
	a, err := signed.Parse()
	if err != nil {
		return nil, err
	}
	key, ok := s.parties[a.Party]
	if !ok {
		return nil, fault.New(fault.Denied, op, "%.40q is not a party here", a.Party)
	}
	if _, err := signed.Verify(key, s.key.Public().(ed25519.PublicKey)); err != nil {
		return nil, err
	}
	if last := s.counters[a.Party]; a.Counter <= last {
		return nil, fault.New(fault.Denied, op, "counter: %d is not above %d, the last of %s", a.Counter, last, a.Party)
	}
	c := s.contracts[a.Contract]
	if (a.Kind == api.Propose) != (c == nil) {
		if c == nil {
			return nil, fault.New(fault.NotFound, op, "contract %s is not known", a.Contract)
		}
		return nil, fault.New(fault.Denied, op, "contract %s is proposed already, by %s", a.Contract, c.ProposedBy)
	}
	return func(index uint64) error {
		s.counters[a.Party] = a.Counter
		switch a.Kind {
		case api.Propose:
			c = &contract{Contract: api.Contract{
				Contract: a.Contract, Specification: a.Specification, Policy: a.Policy, ProposedBy: a.Party,
				Votes: map[string]bool{}, Switches: map[string][]string{},
			}}
			s.contracts[a.Contract] = c
		case api.Vote:
			c.Votes[a.Party] = a.Yes
			c.Agreed = s.missingVote(c) == ""
		case api.Switch:
			c.Switches[a.Party] = turned(c.Switches[a.Party], a.Operations, a.Yes)
		}
		c.acts = append(c.acts, api.LoggedAct{Act: signed, Index: index, Time: time})
		return nil
	}, nil
}

// turned returns the operations that are on after turning some on or off.
func turned(on, operations []string, yes bool) []string {
	out := slices.DeleteFunc(slices.Clone(on), func(op string) bool { return slices.Contains(operations, op) })
	if yes {
		out = append(out, operations...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *state) planEvent(e api.Event, time int64) (func(uint64) error, error) {
	const op = "governance.record"
	if len(e.RoomKey) != ed25519.PublicKeySize {
		return nil, fault.New(fault.Invalid, op, "room key: must have %d bytes (got %d)", ed25519.PublicKeySize, len(e.RoomKey))
	}
	parsed, err := core.ParseEvent(e.Event)
	if err != nil {
		return nil, err
	}
	if s.contracts[parsed.Contract] == nil {
		return nil, fault.New(fault.NotFound, op, "contract %s is not known", parsed.Contract)
	}
	id := roomID{parsed.Room, string(e.RoomKey)}
	next := &room{chain: core.NewChain(e.RoomKey), receipts: map[digest.SHA256]api.Receipt{}}
	old := s.rooms[id]
	switch {
	case old == nil && s.contracts[parsed.Contract].rooms >= maxRooms:
		return nil, fault.New(fault.Denied, op, "contract %s has %d rooms, and there may be no more", parsed.Contract, maxRooms)
	case old != nil && old.chain.Len() >= maxEvents:
		return nil, fault.New(fault.Denied, op, "room %s has %d events, and there may be no more", parsed.Room, maxEvents)
	case old != nil:
		next.chain = old.chain.Clone()
	}
	signed := core.SignedEvent{Event: e.Event, Signature: e.Signature}
	if _, err := next.chain.Accept(signed); err != nil {
		return nil, err
	}
	return func(index uint64) error {
		receipt, err := s.receipt(core.Receipt{Event: signed.Digest(), Index: index, Room: parsed.Room, Seq: parsed.Seq, Time: time})
		if err != nil {
			return err
		}
		if old != nil {
			next.events, next.receipts = old.events, old.receipts
		} else {
			s.contracts[parsed.Contract].rooms++
		}
		next.events = append(next.events, api.LoggedEvent{Event: e.Event, Signature: e.Signature, Receipt: receipt})
		next.receipts[signed.Digest()] = receipt
		s.rooms[id] = next
		return nil
	}, nil
}

func (s *state) receipt(r core.Receipt) (api.Receipt, error) {
	resp, err := r.Sign(s.key)
	return api.Receipt{Receipt: resp.GetReceipt(), Signature: resp.GetSignature()}, err
}

// recorded returns the receipt of an event that is in the log already.
func (s *state) recorded(e api.Event) (api.Receipt, bool) {
	parsed, err := core.ParseEvent(e.Event)
	if err != nil {
		return api.Receipt{}, false
	}
	r := s.rooms[roomID{parsed.Room, string(e.RoomKey)}]
	if r == nil {
		return api.Receipt{}, false
	}
	receipt, ok := r.receipts[digest.Of(e.Event)]
	return receipt, ok
}

// refusal says why there is no consent to an operation, or "".
func (s *state) refusal(d digest.SHA256, operation string) string {
	c := s.contracts[d]
	if c == nil {
		return "the contract is not known"
	}
	if p := s.missingVote(c); p != "" {
		return p + " has not agreed to the contract"
	}
	for _, p := range s.names() {
		if !slices.Contains(c.Switches[p], operation) {
			return "consent of " + p + " is switched off"
		}
	}
	return ""
}

// missingVote names the first party whose vote is not a yes, or "".
func (s *state) missingVote(c *contract) string {
	for _, p := range s.names() {
		if !c.Votes[p] {
			return p
		}
	}
	return ""
}

func (s *state) names() []string { return slices.Sorted(maps.Keys(s.parties)) }

func (s *state) listRooms() []api.Room {
	var out []api.Room
	for id, r := range s.rooms {
		out = append(out, r.info(id))
	}
	slices.SortFunc(out, func(a, b api.Room) int {
		if c := strings.Compare(a.Room, b.Room); c != 0 {
			return c
		}
		return bytes.Compare(a.Key, b.Key)
	})
	return out
}

func (r *room) info(id roomID) api.Room {
	return api.Room{Room: id.name, Key: []byte(id.key), Contract: r.chain.Contract(), Events: r.chain.Len(), Closed: r.chain.Closed()}
}

func decodeEntry(b []byte) (entry, error) {
	var e entry
	if err := canonical.Unmarshal(b, &e); err != nil {
		return entry{}, fault.New(fault.Tampered, "governance.entry", "%w", err)
	}
	return e, nil
}
