package proxy

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestBudgetHoldsForManyAtOnce(t *testing.T) {
	b := newBudget(10, 100)
	var sent, out atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if b.send() {
				sent.Add(1)
			}
			out.Add(int64(b.out(3)))
		})
	}
	wg.Wait()
	if sent.Load() != 10 || out.Load() != 100 {
		t.Errorf("%d requests and %d bytes of 10 and 100 went out", sent.Load(), out.Load())
	}
	if u := b.use(); u.Requests != 10 || u.BytesOut != 100 {
		t.Errorf("use = %+v", u)
	}
}

func TestZeroBudgetAllowsNothing(t *testing.T) {
	var b budget
	requests, bytes := b.left(0)
	if requests || bytes || b.send() || b.out(1) != 0 {
		t.Error("a budget of nothing allows something")
	}
}

// A request that was affordable when it came may no longer be when it would go out.
func TestLastRequestGoesOnce(t *testing.T) {
	r := planned(t, everything)
	r.budget = newBudget(1, 1<<20)
	open := func() bool { return true }
	first, second := &exchange{route: r, open: open, journal: newJournal(nil)}, &exchange{route: r, open: open, journal: newJournal(nil)}
	if no := first.send(); no != nil {
		t.Errorf("the first is refused: %+v", no)
	}
	if no := second.send(); no == nil || no.rule != "budget.requests" || second.step == sent {
		t.Errorf("the second goes out too: %+v", no)
	}
}
