package volume

import (
	"context"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// Files of one segment are fetched ahead of a reader that opens them in the order of the
// manifest, which is the order in which folders are listed.
const (
	maxWalks  = 16 // readers that are followed at once
	firstWalk = 8  // files fetched ahead once a reader looks to be walking
	walkSlack = 32 // readers that share one list open files a little out of order
)

// walks follows the opens of a dataset. Its methods may be called concurrently.
type walks struct {
	limit int // files fetched ahead at most, for each

	mu   sync.Mutex
	walk [maxWalks]walk
	used int64 // counts the opens
}

type walk struct {
	next   int // where it would go on
	upTo   int // first file not yet fetched ahead
	window int
	used   int64 // of the last open; 0 for none
}

// opened takes note of an open, and returns the files to fetch ahead, none when from
// equals to.
func (w *walks) opened(index int) (from, to int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used++
	oldest := &w.walk[0]
	for i := range w.walk {
		a := &w.walk[i]
		if a.used > 0 && index >= a.next-walkSlack && index <= a.next+walkSlack {
			a.used, a.next = w.used, max(a.next, index+1)
			a.window = min(max(firstWalk, 2*a.window), w.limit)
			from, to = max(a.upTo, a.next), a.next+a.window
			if to-from < a.window/2 {
				return 0, 0
			}
			a.upTo = to
			return from, to
		}
		if a.used < oldest.used {
			oldest = a
		}
	}
	*oldest = walk{next: index + 1, used: w.used}
	return 0, 0
}

// walked fetches the small files after one that was opened, as far as there are buffers
// that nobody needs more.
func (v *view) walked(ctx context.Context, index int) {
	from, to := v.walks.opened(index)
	for i := from; i < min(to, v.manifest.Len()); i++ {
		e, err := v.manifest.At(ctx, i)
		if err != nil {
			return // who opens the file will see it
		}
		if e.Size == 0 || sealed.Segments(e.Size) > 1 {
			continue
		}
		select {
		case v.ahead <- struct{}{}:
		default:
			return
		}
		s, _ := v.cache.claim(segmentKey{i, 0})
		if s == nil {
			<-v.ahead
			continue
		}
		v.fetches.Go(func() {
			defer func() { <-v.ahead }()
			f := &file{index: i}
			o, err := v.prepare(v.life, f)
			if err != nil {
				v.fail([]*segment{s}, err)
				return
			}
			v.fetch(f, o, []*segment{s})
		})
	}
}
