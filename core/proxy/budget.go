package proxy

import "sync"

// budget is what a route may still do in this run. Its methods may be called
// concurrently; its zero value allows nothing.
type budget struct {
	maxRequests, maxBytesOut uint64

	mu                          sync.Mutex // guards what follows
	requests, bytesOut, bytesIn uint64
	refused                     uint64
}

func newBudget(requests, bytesOut uint64) *budget {
	return &budget{maxRequests: requests, maxBytesOut: bytesOut}
}

// Use is what one route did and may do.
type Use struct {
	Requests, MaxRequests uint64 // requests sent upstream
	BytesOut, MaxBytesOut uint64 // bytes written to the upstream, headers included
	BytesIn               uint64
	Refused               uint64 // decisions that refused
}

func (b *budget) use() Use {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Use{b.requests, b.maxRequests, b.bytesOut, b.maxBytesOut, b.bytesIn, b.refused}
}

// left says that one more request with a body of n bytes could be sent.
func (b *budget) left(n int) (requests, bytes bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests < b.maxRequests, b.bytesOut < b.maxBytesOut && uint64(n) <= b.maxBytesOut-b.bytesOut
}

// send counts one request, or says that there is none left.
func (b *budget) send() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests >= b.maxRequests {
		return false
	}
	b.requests++
	return true
}

// out takes up to n bytes and says how many may be written.
func (b *budget) out(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := min(uint64(n), b.maxBytesOut-b.bytesOut)
	b.bytesOut += got
	return int(got)
}

func (b *budget) in(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytesIn += uint64(n)
}

func (b *budget) refuse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused++
}

func (b *budget) doc() map[string]any {
	u := b.use()
	return map[string]any{
		"requests":  map[string]any{"used": u.Requests, "limit": u.MaxRequests},
		"bytes_out": map[string]any{"used": u.BytesOut, "limit": u.MaxBytesOut},
	}
}
