package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// How often progress is shown: on a terminal one line is written over, elsewhere every
// line stays.
const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = 10 * time.Second
)

// progress shows how far files have come, and how fast. Its methods may be called
// concurrently.
type progress struct {
	out   io.Writer
	word  string
	live  bool
	begin time.Time

	mu    sync.Mutex
	last  time.Time
	shown bool
}

func newProgress(out io.Writer, word string) *progress {
	now := time.Now()
	return &progress{out: out, word: word, live: terminal(out), begin: now, last: now}
}

// tell is a dataset.Progress.
func (p *progress) tell(files int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	every := plainEvery
	if p.live {
		every = liveEvery
	}
	now := time.Now()
	if now.Sub(p.last) < every {
		return
	}
	p.last, p.shown = now, true
	mib := float64(bytes) / (1 << 20)
	line := fmt.Sprintf("%s %d files, %.1f MiB, %.1f MiB/s", p.word, files, mib, mib/now.Sub(p.begin).Seconds())
	if p.live {
		fmt.Fprintf(p.out, "\r%s\x1b[K", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end leaves the terminal's line to what comes next.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live && p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
