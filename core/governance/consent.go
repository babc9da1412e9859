package governance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// endpointError marks which endpoint said no, or did not answer.
type endpointError struct {
	endpoint string
	err      error
}

func (e *endpointError) Error() string { return e.err.Error() }
func (e *endpointError) Unwrap() error { return e.err }

// consent asks every endpoint that covers r, all at once. It returns what the intent's
// record is to say of their answers.
func (g *Gate) consent(ctx context.Context, r Request) (map[string]string, error) {
	details := map[string]string{}
	if unsigned := g.trail.unsigned(); unsigned != "" {
		details["audit.unsigned"] = unsigned
	}
	if !NeedsConsent(r.Operation) {
		return details, nil
	}
	asked := g.covering(r.Operation)
	if len(asked) == 0 {
		return nil, fault.New(fault.Denied, r.Operation, "no consent for %s: no endpoint covers it, and nobody to ask is a no", r.Subject)
	}
	if err := g.askAll(ctx, asked, r, 0); err != nil {
		return nil, err
	}
	var signed, unsigned []string
	for _, c := range asked {
		if c.AnswerKey != nil {
			signed = append(signed, c.Name)
		} else {
			unsigned = append(unsigned, c.Name)
		}
	}
	if signed != nil {
		details["consent.signed"] = strings.Join(signed, ",")
	}
	if unsigned != nil {
		details["consent.unsigned"] = strings.Join(unsigned, ",")
	}
	return details, nil
}

func (g *Gate) covering(operation string) []Consenter {
	var out []Consenter
	for _, c := range g.cfg.Consent {
		if slices.Contains(c.Operations, operation) {
			out = append(out, c)
		}
	}
	return out
}

// askAll asks all at once and returns the error that weighs most, nil only if every one
// agreed. A limit above 0 shortens every endpoint's own timeout.
func (g *Gate) askAll(ctx context.Context, asked []Consenter, r Request, limit time.Duration) error {
	errs := make(chan indexed, len(asked))
	for i, c := range asked {
		timeout := c.Timeout
		if limit > 0 {
			timeout = min(timeout, limit)
		}
		go func() { errs <- indexed{i, g.ask(ctx, c, r, timeout)} }()
	}
	_, err := worst(len(asked), errs)
	return err
}

// ask puts one question, fresh and bound to this room, to one endpoint.
func (g *Gate) ask(ctx context.Context, c Consenter, r Request, timeout time.Duration) error {
	q := &governancev1.ConsentRequest{
		Operation: r.Operation, Subject: r.Subject, Contract: g.cfg.Contract.Bytes(), Room: g.cfg.Room,
		RoomKey: g.cfg.Key.Public().(ed25519.PublicKey), Nonce: make([]byte, NonceSize),
	}
	if _, err := rand.Read(q.Nonce); err != nil {
		return fault.New(fault.Internal, r.Operation, "nonce: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fault.New(fault.Unavailable, "governance.ask", "no answer within %s", timeout))
	defer cancel()
	a, err := bounded(ctx, func(ctx context.Context) (*governancev1.ConsentResponse, error) { return c.Client.Consent(ctx, q) })
	switch {
	case err != nil:
	case a.GetDecision() == governancev1.Decision_DECISION_REFUSED:
		err = fault.New(fault.Denied, "consent", "refused: %s", printable(a.GetReason()))
	case a.GetDecision() != governancev1.Decision_DECISION_GRANTED:
		err = fault.New(fault.Denied, "consent", "gave no decision")
	case c.AnswerKey != nil:
		err = verifyAnswer(q, a, c.AnswerKey)
	}
	if err == nil {
		return nil
	}
	return &endpointError{c.Name, fault.New(doubt(err), r.Operation, "no consent from %s for %s: %w", c.Name, r.Subject, err)}
}

// doubt is the kind of an endpoint's error. What is neither an endpoint that is away, nor
// a cut from outside, nor forged bytes is a no.
func doubt(err error) fault.Kind {
	switch k := fault.KindOf(err); k {
	case fault.Unavailable, fault.Interrupted, fault.Tampered:
		return k
	}
	return fault.Denied
}

type indexed struct {
	i   int
	err error
}

// worst waits for n results and returns the one that weighs most, with its index. A no
// outweighs a missing answer; then the order of the specification decides, so that the
// same state gives the same message.
func worst(n int, results <-chan indexed) (int, error) {
	errs := make([]error, n)
	for range n {
		r := <-results
		errs[r.i] = r.err
	}
	at := -1
	for i, err := range errs {
		if err != nil && (at < 0 || fault.KindOf(err) == fault.Denied && fault.KindOf(errs[at]) != fault.Denied) {
			at = i
		}
	}
	if at < 0 {
		return 0, nil
	}
	return at, errs[at]
}

// bounded returns f's result, or ctx's cause once ctx has ended, even if f then does not
// return: no backend may hang the room.
func bounded[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f(ctx)
		done <- result{v, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if r.err != nil && ctx.Err() != nil {
		return r.v, fault.Wrap("governance.ask", context.Cause(ctx))
	}
	return r.v, r.err
}
