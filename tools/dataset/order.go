package dataset

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// atOnce is how many files are worked on at a time: enough to wait for a store's answers
// side by side, and few enough to hold a buffer for each.
const atOnce = 8

// window is how many results may wait for one before them.
const window = 256

// inOrder calls work for each item, atOnce at a time, and done with each result in the order of
// the items. The first error in that order ends it: later items are not begun any more, and what
// is begun is waited for. done is never called at the same time as itself.
func inOrder[T, R any](ctx context.Context, items iter.Seq2[T, error], work func(context.Context, T) (R, error), done func(R) error) error {
	type outcome struct {
		r   R
		err error
	}
	type job struct {
		item T
		to   chan outcome
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var failed atomic.Bool
	jobs, order := make(chan job), make(chan chan outcome, window)
	for range atOnce {
		running.Go(func() {
			for j := range jobs {
				r, err := work(ctx, j.item)
				if err != nil {
					failed.Store(true)
				}
				j.to <- outcome{r, err}
			}
		})
	}
	running.Go(func() {
		defer close(order)
		defer close(jobs)
		for item, err := range items {
			to := make(chan outcome, 1)
			if err != nil {
				to <- outcome{err: err}
			} else {
				select {
				case jobs <- job{item, to}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case order <- to:
			case <-ctx.Done():
				return
			}
			if err != nil || failed.Load() {
				return
			}
		}
	})
	for to := range order {
		o := <-to
		if o.err == nil {
			o.err = done(o.r)
		}
		if o.err != nil {
			return o.err
		}
	}
	return context.Cause(ctx)
}
