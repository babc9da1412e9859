package governance

import (
	"context"
	"slices"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// How often consent is asked for again while the room runs, and how long an answer may
// take. Together they are below the 2 s within which a withdrawal must bite.
const (
	WatchInterval = 500 * time.Millisecond
	WatchLimit    = time.Second
)

// Watch asks again, every WatchInterval, for consent to every lasting operation that was
// agreed to so far, until ctx ends (nil) or one is withdrawn. No answer within WatchLimit
// is a withdrawal. Then nothing but RoomClose passes the gate any more; withdrawn is
// called at once, and the refusal is recorded before Watch returns it.
func (g *Gate) Watch(ctx context.Context, withdrawn func(error)) error {
	tick := time.NewTicker(WatchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		r, err := g.askAgain(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			continue
		}
		err = fault.New(fault.Denied, r.Operation, "consent is withdrawn: %w", err)
		g.stop(err)
		if withdrawn != nil {
			withdrawn(err)
		}
		g.refused(r, err)
		return err
	}
}

// askAgain asks about all operations in force at once.
func (g *Gate) askAgain(ctx context.Context) (Request, error) {
	g.mu.Lock()
	force := slices.Clone(g.force)
	g.mu.Unlock()
	if len(force) == 0 {
		return Request{}, nil
	}
	errs := make(chan indexed, len(force))
	for i, r := range force {
		go func() { errs <- indexed{i, g.askAll(ctx, g.covering(r.Operation), r, WatchLimit)} }()
	}
	i, err := worst(len(force), errs)
	return force[i], err
}

func (g *Gate) stop(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped == nil {
		g.stopped = err
	}
}

// enforce adds a lasting operation to those that Watch asks about.
func (g *Gate) enforce(r Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if lasts(r.Operation) && !slices.ContainsFunc(g.force, r.same) {
		g.force = append(g.force, Request{Operation: r.Operation, Subject: r.Subject})
	}
}

// release takes it out again: it failed.
func (g *Gate) release(r Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.force = slices.DeleteFunc(g.force, r.same)
}

func (r Request) same(o Request) bool { return r.Operation == o.Operation && r.Subject == o.Subject }
