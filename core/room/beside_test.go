package room

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestWhatFailsBesideTheLineEndsIt(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	r := &room{Config: Config{Progress: func(Event) {}}, stop: stop}
	want := fault.New(fault.Tampered, "plugin", "is another")
	err := r.do(ctx, stage{"fence", func(ctx context.Context) error {
		a := r.beside(ctx, func(context.Context) error { return want })
		<-ctx.Done() // the stage is woken, whatever it is doing
		if got := a.wait(); got != want {
			t.Errorf("wait() = %v, want %v", got, want)
		}
		return errors.New("cut short")
	}})
	if !errors.Is(err, want) || fault.KindOf(err) != fault.Tampered {
		t.Errorf("the stage ends with %v, want %v", err, want)
	}
}

func TestUntil(t *testing.T) {
	r := &room{stop: func(error) {}}
	shut, never := make(chan struct{}), make(chan struct{})
	close(shut)
	bad := errors.New("bad")
	failed := r.beside(t.Context(), func(context.Context) error { return bad })
	if err := failed.until(never); err != bad {
		t.Errorf("until(never) = %v, want %v", err, bad)
	}
	end := make(chan struct{})
	lasting := r.beside(t.Context(), func(context.Context) error { <-end; return nil })
	if err := lasting.until(shut); err != nil {
		t.Errorf("until(closed) = %v, want nil", err)
	}
	close(end)
	if err := lasting.wait(); err != nil {
		t.Errorf("wait() = %v, want nil", err)
	}
}

func TestNothingGoesOnBesideTheClose(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	r := &room{stop: stop, ended: errors.New("refused")}
	undone := false
	r.beside(ctx, func(ctx context.Context) error {
		<-ctx.Done()
		r.later(func() error { undone = true; return nil })
		return ctx.Err()
	})
	if err := r.close(t.Context()); err != nil || !undone {
		t.Errorf("close() = %v, and what was opened beside the line is undone: %t", err, undone)
	}
}

func TestWaitsCountOverlappingCallsOnce(t *testing.T) {
	const each = 50 * time.Millisecond
	var w waits
	begin := time.Now()
	a, b := w.begin(), w.begin()
	<-time.After(each)
	a()
	<-time.After(each)
	b()
	took := time.Since(begin)
	<-time.After(each)
	if got := w.sum(); got < 2*each || got > took {
		t.Errorf("sum() = %v, want between %v and %v", got, 2*each, took)
	}
}
