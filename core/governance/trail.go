package governance

import (
	"context"
	"crypto/ed25519"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// maxBacklog bounds the events that an audit endpoint has not confirmed. A room stops at
// the first of them, so more than its orderly end needs is a defect.
const maxBacklog = 256

// trail makes the room's one chain of events and brings each to every audit endpoint.
type trail struct {
	cfg Config

	turn chan struct{} // holds one token for whoever makes or sends events; guards the rest
	// chain is what was signed, whether it is confirmed or not: a number is never used twice.
	chain *Chain
	// backlog holds, per audit endpoint, what it has not confirmed, in order. It is sent
	// again, first, with the next event: backends take a repeated event for what it is.
	backlog [][]SignedEvent
}

func newTrail(cfg Config) *trail {
	return &trail{
		cfg: cfg, turn: make(chan struct{}, 1),
		chain: NewChain(cfg.Key.Public().(ed25519.PublicKey)), backlog: make([][]SignedEvent, len(cfg.Audit)),
	}
}

// add makes e the next event and returns its number once every endpoint has confirmed it
// and all before it. A number of 0 with the error says that the event does not exist.
func (t *trail) add(ctx context.Context, e Event) (uint64, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return 0, fault.New(fault.KindOf(ctx.Err()), e.Operation, "record of %s: %w", e.Subject, context.Cause(ctx))
	}
	for i, b := range t.backlog {
		if len(b) >= maxBacklog {
			return 0, fault.New(fault.Unavailable, e.Operation, "audit endpoint %s is %d events behind", t.cfg.Audit[i].Name, len(b))
		}
	}
	e.Contract, e.Room, e.Seq, e.Previous = t.cfg.Contract, t.cfg.Room, t.chain.seq+1, t.chain.last
	if e.Seq == 1 {
		e.Evidence, e.RuntimeData = t.cfg.Evidence, t.cfg.RuntimeData
	}
	s, err := e.Sign(t.cfg.Key)
	if err != nil {
		return 0, err
	}
	if err := t.chain.follows(e); err != nil {
		return 0, fault.Wrap(e.Operation, err)
	}
	t.chain.take(e, s.Digest())

	errs := make(chan indexed, len(t.cfg.Audit))
	for i := range t.cfg.Audit {
		t.backlog[i] = append(t.backlog[i], s)
		go func() { errs <- indexed{i, t.deliver(ctx, i, e)} }()
	}
	_, err = worst(len(t.cfg.Audit), errs)
	return e.Seq, err
}

// deliver sends endpoint i all that it has not confirmed. Only one runs per endpoint.
func (t *trail) deliver(ctx context.Context, i int, e Event) error {
	r := t.cfg.Audit[i]
	ctx, cancel := context.WithTimeoutCause(ctx, r.Timeout, fault.New(fault.Unavailable, "governance.ask", "no answer within %s", r.Timeout))
	defer cancel()
	for len(t.backlog[i]) > 0 {
		s := t.backlog[i][0]
		req := &governancev1.RecordRequest{Event: s.Event, Signature: s.Signature, RoomKey: t.cfg.Key.Public().(ed25519.PublicKey)}
		a, err := bounded(ctx, func(ctx context.Context) (*governancev1.RecordResponse, error) { return r.Client.Record(ctx, req) })
		if err == nil && r.AnswerKey != nil {
			_, err = VerifyReceipt(s.Event, a.GetReceipt(), a.GetSignature(), r.AnswerKey)
		}
		if err != nil {
			err = fault.New(doubt(err), e.Operation, "%s of %s is not recorded by %s: %w", e.Phase, e.Subject, r.Name, err)
			return &endpointError{r.Name, err}
		}
		t.backlog[i] = t.backlog[i][1:]
	}
	return nil
}

// last returns a context for a record that must be tried whatever has ended: time for the
// record under way, and for its own.
func (t *trail) last() (context.Context, context.CancelFunc) {
	longest := time.Second
	for _, r := range t.cfg.Audit {
		longest = max(longest, r.Timeout)
	}
	return context.WithTimeout(context.Background(), 2*longest)
}

// unsigned names the audit endpoints whose word is believed without a receipt.
func (t *trail) unsigned() string {
	var names []string
	for _, r := range t.cfg.Audit {
		if r.AnswerKey == nil {
			names = append(names, r.Name)
		}
	}
	return strings.Join(names, ",")
}
