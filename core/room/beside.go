package room

import (
	"context"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// aside is work that goes on beside the line, which looks at nothing of it before
// it has waited for it.
type aside struct {
	done chan struct{}
	err  error // read after done
}

// beside starts f. Its failure ends the run at once, whatever stage the line is
// at; close waits for its end.
func (r *room) beside(ctx context.Context, f func(context.Context) error) *aside {
	a := &aside{done: make(chan struct{})}
	r.asides = append(r.asides, a)
	go func() {
		defer close(a.done)
		if a.err = f(ctx); a.err != nil {
			r.stop(a.err)
		}
	}()
	return a
}

// wait returns f's error once it has ended.
func (a *aside) wait() error {
	<-a.done
	return a.err
}

// until returns once c is closed, or with f's error if that ended first.
func (a *aside) until(c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-a.done:
		return a.err
	}
}

// settle ends what still goes on beside the line, so that nothing is opened while
// everything is undone.
func (r *room) settle(ctx context.Context) {
	if r.ended != nil {
		r.stop(r.ended)
	}
	for _, a := range r.asides {
		select {
		case <-a.done:
		case <-ctx.Done():
			return
		}
	}
}

// waits sums up the time in which something outside the room was waited for.
type waits struct {
	mu    sync.Mutex
	n     int // calls under way
	since time.Time
	total time.Duration
}

// begin counts a call in, until end.
func (w *waits) begin() (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n++; w.n == 1 {
		w.since = time.Now()
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.n--; w.n == 0 {
			w.total += time.Since(w.since)
		}
	}
}

func (w *waits) sum() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n > 0 {
		return w.total + time.Since(w.since)
	}
	return w.total
}

// asked is a governance backend whose answers are waited for.
type asked struct {
	governance.Client
	waits *waits
}

func (a asked) Consent(ctx context.Context, q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	defer a.waits.begin()()
	return a.Client.Consent(ctx, q)
}

func (a asked) Record(ctx context.Context, q *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	defer a.waits.begin()()
	return a.Client.Record(ctx, q)
}

// released is a key service whose answers are waited for.
type released struct {
	keyrelease.Service
	waits *waits
}

func (s released) Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error) {
	defer s.waits.begin()()
	return s.Service.Release(ctx, key, evidence, runtimeData, nonce)
}
