package volume

import (
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

const (
	chunkSegments = 64      // of one range read: 4 MiB
	firstWindow   = 1 << 20 // bytes read ahead once a reader looks sequential
	maxWindow     = 16 << 20
	slack         = 2 << 20 // the kernel sends the requests of one reader out of order
)

// ahead follows one open file and says what to fetch before it is asked for. A
// reader that jumps gets nothing more than it asks for.
type ahead struct {
	mu     sync.Mutex
	next   int64 // where a sequential reader would go on
	window int64
	upTo   int64 // first segment not yet fetched ahead
}

// plan takes note of a read of n bytes at off, and returns the segments to fetch
// ahead of it, none when from equals to.
func (a *ahead) plan(off, n, size, limit int64) (from, to int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if off < a.next-slack || off > a.next+slack {
		a.next, a.window, a.upTo = off+n, 0, 0
		return 0, 0
	}
	a.next = max(a.next, off+n)
	if a.next >= size {
		return 0, 0
	}
	a.window = min(max(firstWindow, 2*a.window), maxWindow, limit)
	end := min(a.next+a.window, size)
	from = max(a.upTo, sealed.SegmentOf(a.next))
	to = sealed.SegmentOf(end-1) + 1
	// Half a window at a time, so that range reads are large.
	if to <= from || (end < size && (to-from)*sealed.SegmentPlain < a.window/2) {
		return 0, 0
	}
	a.upTo = to
	return from, to
}

// reached says that of what was planned only the segments before i are on their way.
func (a *ahead) reached(i int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.upTo = min(a.upTo, i)
}
