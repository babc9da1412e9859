package governance

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// Client is a governance backend: a plugin, or a fake. Its errors carry kinds. Its
// methods are called concurrently.
type Client interface {
	Consent(context.Context, *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error)
	Record(context.Context, *governancev1.RecordRequest) (*governancev1.RecordResponse, error)
}

// Consenter is one consent endpoint of the specification.
type Consenter struct {
	Name       string
	Operations []string      // it is asked about these alone; at least one
	Timeout    time.Duration // for one question
	Client     Client
	AnswerKey  ed25519.PublicKey // pinned signer of its answers; nil: its word is believed, and the records say so
}

// Recorder is one audit endpoint of the specification. It records every operation.
type Recorder struct {
	Name      string
	Timeout   time.Duration // for the events of one record
	Client    Client
	AnswerKey ed25519.PublicKey // pinned signer of its receipts; nil as for Consenter
}

// Config is all a Gate is made of.
type Config struct {
	Contract    digest.SHA256
	Room        string
	Key         ed25519.PrivateKey // signs the room's events; its public half is attested
	Evidence    []byte             // of the attestation, for the first event
	RuntimeData []byte             // that Evidence vouches for
	Consent     []Consenter        // at least one
	Audit       []Recorder         // at least one
	Log         *slog.Logger       // nil: nothing is logged
}

// Request names one operation.
type Request struct {
	Operation string
	Subject   string
	Details   map[string]string // for its events; names starting with "consent." or "audit." are the gate's own
	// Outcome, if set, is called once after the operation succeeded. What it returns goes
	// into the outcome's event, such as the digest of what was published.
	Outcome func() map[string]string
}

// Gate lets operations pass. Its methods may be called concurrently; the events of
// concurrent operations are in one order.
type Gate struct {
	cfg   Config
	log   *slog.Logger
	trail *trail

	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when running falls to 0; nil when nobody waits
	stopped error         // set once consent is withdrawn, or the room closes
	force   []Request     // lasting operations that were agreed to
}

// New returns a gate that has let nothing pass. A configuration with nobody to ask, or
// nobody to keep the record, is Invalid.
func New(cfg Config) (*Gate, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Gate{cfg: cfg, log: log, trail: newTrail(cfg)}, nil
}

// Do runs fn, once every consent endpoint that covers r.Operation has agreed and every
// audit endpoint has confirmed the record of the intent; then it records the outcome at
// all of them, also when ctx has ended meanwhile. RoomClose needs no consent, but waits
// until the operations under way have ended.
//
// It returns fn's error; Denied or Unavailable naming operation and endpoint if fn was not
// run, or if it succeeded but its outcome could not be recorded: the room must stop then.
func (g *Gate) Do(ctx context.Context, r Request, fn func(context.Context, permit.Permit) error) error {
	if err := r.check(); err != nil {
		return err
	}
	if fn == nil || !IsOperation(r.Operation) {
		return fault.New(fault.Invalid, "governance.do", "%.40q is no operation with something to do", r.Operation)
	}
	end, err := g.begin(ctx, r.Operation)
	if err != nil {
		return err
	}
	defer end()

	details, err := g.consent(ctx, r)
	if err != nil {
		g.refused(r, err)
		return err
	}
	intent, err := g.trail.add(ctx, Event{Phase: Intent, Operation: r.Operation, Subject: r.Subject, Details: join(r.Details, details)})
	if err != nil {
		if intent != 0 { // some endpoint may have it: say that nothing came of it
			g.outcome(r, intent, err)
		}
		return err
	}
	g.enforce(r)
	err = g.withdrawn(r.Operation)
	if err == nil {
		err = run(ctx, r, fn)
	}
	if err != nil {
		g.release(r)
		if auditErr := g.outcome(r, intent, err); auditErr != nil {
			g.log.Error("outcome of a failed operation is not recorded", "operation", r.Operation, "subject", r.Subject, "error", auditErr)
		}
		return err
	}
	return g.outcome(r, intent, nil)
}

// run calls fn with a permit that ends when fn does.
func run(ctx context.Context, r Request, fn func(context.Context, permit.Permit) error) error {
	p, end := permit.Issue(r.Operation, r.Subject)
	defer end()
	return fn(ctx, p)
}

// Record records something that is no operation of the gate, such as a summary of
// decisions, as a note. Operation is then any name. Its errors are as of Do.
func (g *Gate) Record(ctx context.Context, r Request) error {
	if err := r.check(); err != nil {
		return err
	}
	_, err := g.trail.add(ctx, Event{Phase: Note, Operation: r.Operation, Subject: r.Subject, Details: r.Details})
	return err
}

// begin counts an operation in, or refuses it because the room is to stop.
func (g *Gate) begin(ctx context.Context, operation string) (end func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if operation != RoomClose {
		if g.stopped != nil {
			return nil, nothingMore(operation, g.stopped)
		}
		g.running++
		return g.end, nil
	}
	g.stopped = errors.New("the room closes")
	for g.running > 0 {
		if g.idle == nil {
			g.idle = make(chan struct{})
		}
		idle := g.idle
		g.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
		}
		g.mu.Lock()
		if ctx.Err() != nil {
			return nil, fault.New(fault.Unavailable, operation, "%d operations are still under way: %w", g.running, context.Cause(ctx))
		}
	}
	return func() {}, nil
}

// withdrawn refuses an operation that was let in before the room was to stop, and has
// not begun.
func (g *Gate) withdrawn(operation string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if operation == RoomClose || g.stopped == nil {
		return nil
	}
	return nothingMore(operation, g.stopped)
}

func nothingMore(operation string, why error) error {
	return fault.New(fault.Denied, operation, "nothing more may be done: %w", why)
}

func (g *Gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if g.running == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// outcome records how the operation of event intent ended. It does not depend on the
// caller's context: a record is wanted most when something was cut short.
func (g *Gate) outcome(r Request, intent uint64, opErr error) error {
	e := Event{Phase: Done, Operation: r.Operation, Subject: r.Subject, Intent: intent}
	if opErr != nil {
		e.Phase, e.Details = Failed, errorDetails(opErr)
	} else if r.Outcome != nil {
		if e.Details = r.Outcome(); checkDetails(e.Details) != nil {
			e.Details = map[string]string{"audit.details": "malformed"} // an intent without an outcome would be worse
		}
	}
	ctx, cancel := g.trail.last()
	defer cancel()
	_, err := g.trail.add(ctx, e)
	return err
}

// refused records that consent was not given. The refusal itself is what the caller
// reports, so an error of the record is only logged.
func (g *Gate) refused(r Request, refusal error) {
	ctx, cancel := g.trail.last()
	defer cancel()
	e := Event{Phase: Refused, Operation: r.Operation, Subject: r.Subject, Details: errorDetails(refusal)}
	if _, err := g.trail.add(ctx, e); err != nil {
		g.log.Error("refusal is not recorded", "operation", r.Operation, "subject", r.Subject, "error", err)
	}
}

// errorDetails is what a record says of an error: its kind and where it was met, and of
// an endpoint's refusal its name. Never its text, which may hold what others wrote.
func errorDetails(err error) map[string]string {
	d := map[string]string{"kind": fault.KindOf(err).String()}
	var f *fault.Error
	if errors.As(err, &f) && isName(f.Op) {
		d["op"] = f.Op
	}
	var e *endpointError
	if errors.As(err, &e) {
		d["endpoint"] = e.endpoint
	}
	return d
}
