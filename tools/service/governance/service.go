package governance

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// Service is a running governance service. Its methods may be called concurrently.
type Service struct {
	store  *store
	ledger *ledger
	log    *slog.Logger

	// writing is held by whoever appends, from plan to apply; taken before mu.
	writing sync.Mutex

	mu     sync.RWMutex // guards what follows
	state  *state
	broken error // set when it is not known what the log holds: nothing is answered then
}

// Open starts the service that Init made in dir, with all it knew: every entry of the log
// is verified again. NotFound if there is none, Unavailable if another runs there, Tampered
// if the log or a file is not as the service wrote it.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Service, error) {
	st, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	s := &Service{store: st, log: log, state: newState(st.key, st.parties)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.ledger, err = openLedger(dir, st.checkpoint); err != nil {
		st.lock.Close()
		return nil, err
	}
	if err := s.ledger.each(ctx, s.replay); err != nil {
		s.ledger.cancel()
		st.lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Service) replay(index uint64, b []byte) error {
	e, err := decodeEntry(b)
	if err == nil {
		var apply func(uint64) error
		if apply, err = s.state.plan(e); err == nil {
			err = apply(index)
		}
	}
	if err != nil {
		return fault.New(fault.Tampered, "governance.open", "entry %d of the log: %w", index, err)
	}
	return nil
}

// Close ends the service. Calls under way must have returned.
func (s *Service) Close(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	s.broken = fault.New(fault.Unavailable, "governance.service", "is closed")
	s.mu.Unlock()
	err := s.ledger.close(ctx)
	s.store.lock.Close() // the lock goes with the descriptor
	return err
}

// commit appends e if it may be appended now, and returns its index once it is durable.
// Before it appends, it calls prepare, if there is one.
func (s *Service) commit(ctx context.Context, e entry, prepare func() error) (uint64, error) {
	s.mu.RLock()
	broken := s.broken
	apply, err := s.state.plan(e) // only we write, so this holds until apply
	s.mu.RUnlock()
	if broken != nil {
		return 0, broken
	}
	if err != nil {
		return 0, err
	}
	if prepare != nil {
		if err := prepare(); err != nil {
			return 0, err
		}
	}
	b, err := canonical.Marshal(e)
	if err != nil {
		return 0, fault.New(fault.Internal, "governance.entry", "%w", err)
	}
	// A caller that goes away does not make it unknown what the log holds.
	index, err := s.ledger.append(context.WithoutCancel(ctx), b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = apply(index)
	}
	if err != nil {
		s.broken = fault.New(fault.Unavailable, "governance.service", "the log cannot be written; start the service again: %w", err)
		s.log.Error("log cannot be written", "error", err)
		return 0, s.broken
	}
	return index, nil
}

// Act takes a party's signed act. A proposal brings its two documents, whose digests the
// service computes itself.
func (s *Service) Act(ctx context.Context, sub api.Submission) (uint64, error) {
	const op = "governance.act"
	a, err := sub.Act.Parse()
	if err != nil {
		return 0, err
	}
	docs := [][]byte{sub.Specification, sub.Policy}
	if a.Kind == api.Propose {
		switch {
		case len(docs[0]) > api.MaxSpecification || len(docs[1]) > api.MaxPolicy:
			return 0, fault.New(fault.Invalid, op, "specification or policy is longer than %d or %d bytes", api.MaxSpecification, api.MaxPolicy)
		case !a.Specification.Equal(digest.Of(docs[0])):
			return 0, fault.New(fault.Tampered, op, "specification: has the digest %s, want %s", digest.Of(docs[0]), a.Specification)
		case !a.Policy.Equal(digest.Of(docs[1])):
			return 0, fault.New(fault.Tampered, op, "policy: has the digest %s, want %s", digest.Of(docs[1]), a.Policy)
		}
	} else if docs[0] != nil || docs[1] != nil {
		return 0, fault.New(fault.Invalid, op, "specification, policy: belong to a proposal")
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	index, err := s.commit(ctx, entry{Act: &sub.Act, Time: time.Now().UnixMilli()}, func() error {
		if a.Kind != api.Propose {
			return nil
		}
		for _, d := range docs { // on disk before the log speaks of them
			if err := s.store.putDocument(d); err != nil {
				return fault.New(fault.Unavailable, op, "%w", err)
			}
		}
		return nil
	})
	if err == nil {
		s.log.Info("act", "party", a.Party, "kind", a.Kind, "contract", a.Contract.String(), "index", index)
	}
	return index, err
}

// Consent answers a question, signed. It is a yes only if every party agreed to the
// contract and has consent to the operation switched on.
func (s *Service) Consent(_ context.Context, q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	if err := core.CheckQuestion(q); err != nil {
		return nil, err
	}
	d, err := digest.FromBytes(q.GetContract())
	if err != nil {
		return nil, fault.New(fault.Invalid, "governance.consent", "contract: %w", err)
	}
	s.mu.RLock()
	broken, reason := s.broken, s.state.refusal(d, q.GetOperation())
	s.mu.RUnlock()
	if broken != nil {
		return nil, broken
	}
	a, err := core.NewAnswer(q, reason == "", reason)
	if err != nil {
		return nil, err
	}
	return a.Sign(s.store.key)
}

// Record appends a room's event and returns the signed receipt once it is durable. An event
// that is in the log already gets the receipt it got.
func (s *Service) Record(ctx context.Context, q *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	e := api.Event{Event: q.GetEvent(), Signature: q.GetSignature(), RoomKey: q.GetRoomKey()}
	s.writing.Lock()
	defer s.writing.Unlock()
	if r, ok := s.receipt(e); ok {
		return &governancev1.RecordResponse{Receipt: r.Receipt, Signature: r.Signature}, nil
	}
	if _, err := s.commit(ctx, entry{Event: &e, Time: time.Now().UnixMilli()}, nil); err != nil {
		return nil, err
	}
	r, ok := s.receipt(e)
	if !ok {
		return nil, fault.New(fault.Internal, "governance.record", "an event that was logged is not there")
	}
	return &governancev1.RecordResponse{Receipt: r.Receipt, Signature: r.Signature}, nil
}

func (s *Service) receipt(e api.Event) (api.Receipt, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.recorded(e)
}

// Info says who the service is and who its parties are.
func (s *Service) Info() api.Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counters := map[string]uint64{}
	for p, c := range s.state.counters {
		counters[p] = c
	}
	return api.Info{Key: s.store.public(), CheckpointKey: s.store.verifier, Parties: s.store.parties, Counters: counters}
}

// Contracts lists every contract, by digest.
func (s *Service) Contracts() []api.Contract {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []api.Contract{}
	for _, c := range s.state.contracts {
		out = append(out, c.copy())
	}
	slices.SortFunc(out, func(a, b api.Contract) int { return slices.Compare(a.Contract.Bytes(), b.Contract.Bytes()) })
	return out
}

// Contract returns one contract and the acts that made it what it is; NotFound.
func (s *Service) Contract(d digest.SHA256) (api.Contract, []api.LoggedAct, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.state.contracts[d]
	if c == nil {
		return api.Contract{}, nil, fault.New(fault.NotFound, "governance.contract", "contract %s is not known", d)
	}
	return c.copy(), slices.Clone(c.acts), nil
}

func (c *contract) copy() api.Contract {
	out := c.Contract
	out.Votes, out.Switches = map[string]bool{}, map[string][]string{}
	for p, v := range c.Votes {
		out.Votes[p] = v
	}
	for p, ops := range c.Switches {
		out.Switches[p] = slices.Clone(ops)
	}
	return out
}

// Rooms lists every room that has recorded something.
func (s *Service) Rooms() []api.Room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]api.Room{}, s.state.listRooms()...)
}

// Events returns a room's trail. Where rooms share a name, key says which is meant.
func (s *Service) Events(name string, key []byte) (api.Trail, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []roomID
	for id := range s.state.rooms {
		if id.name == name && (key == nil || id.key == string(key)) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return api.Trail{}, fault.New(fault.NotFound, "governance.events", "room %.40q has recorded nothing", name)
	case 1:
		r := s.state.rooms[found[0]]
		return api.Trail{Room: r.info(found[0]), Events: slices.Clone(r.events)}, nil
	}
	return api.Trail{}, fault.New(fault.Invalid, "governance.events", "%d rooms have the name %.40q: say the key", len(found), name)
}
