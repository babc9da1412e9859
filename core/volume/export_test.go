package volume

import (
	"context"
	"math"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// briefly is patience for a test: a few tries.
var briefly = retry.Policy{Patience: 100 * time.Millisecond, Attempt: 15 * time.Second, Pause: 4 * time.Millisecond}

// Hurry makes the mounts after it as impatient as a view of a test, until what it returns is called.
func Hurry() (restore func()) { return Patience(briefly.Patience, briefly.Attempt) }

// Patience is Hurry with what a store has to give the right answer, and each try.
func Patience(all, each time.Duration) (restore func()) {
	before := policy
	policy = retry.Policy{Patience: all, Attempt: each, Pause: briefly.Pause}
	return func() { policy = before }
}

// View is a dataset without a mount, for the tests of what is under it.
type View struct {
	v      *view
	end    context.CancelFunc
	Faults chan error // Tampered, also when nobody was waiting for it
}

func NewView(ds Dataset, cacheBytes int64) *View {
	ctx, end := context.WithCancel(context.Background())
	out := &View{end: end, Faults: make(chan error, 1000)}
	out.v = newView(ctx, ds, cacheBytes, func(err error) { out.Faults <- err })
	out.v.retry = briefly
	return out
}

func (v *View) Close() { v.end(); v.v.fetches.Wait(); v.v.cache.wipe() }

// Reader is one open file.
type Reader struct {
	v *View
	f *file
	a ahead
}

func (v *View) Open(ctx context.Context, index int) (*Reader, error) {
	r := &Reader{v: v, f: &file{index: index}}
	return r, v.v.open(ctx, r.f)
}

func (r *Reader) Read(ctx context.Context, p []byte, off int64) (int, error) {
	got, err := r.v.v.read(ctx, r.f, &r.a, make([]byte, len(p)), off)
	if err != nil {
		return 0, err
	}
	defer got.Done()
	n := 0
	for _, part := range got.parts {
		n += copy(p[n:], part)
	}
	return n, nil
}

func (r *Reader) Close() { r.f.close() }

// ReadAll reads as the kernel does, some bytes at a time. It returns what came before an error.
func (v *View) ReadAll(ctx context.Context, index, step int) ([]byte, error) {
	return v.ReadPart(ctx, index, 0, math.MaxInt64, step)
}

// ReadPart is ReadAll of the bytes from…to-1.
func (v *View) ReadPart(ctx context.Context, index int, from, to int64, step int) ([]byte, error) {
	r, err := v.Open(ctx, index)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []byte
	for p := make([]byte, step); ; {
		at := from + int64(len(all))
		n, err := r.Read(ctx, p[:min(int64(step), to-at)], at)
		if err != nil {
			return all, err
		}
		if n == 0 {
			return all, nil
		}
		all = append(all, p[:n]...)
	}
}

func (v *View) Requests() int64 { return v.v.stats.requests.Load() }

// Buffers returns how many the cache has made, and how many it may.
func (v *View) Buffers() (have, limit int) {
	v.v.cache.mu.Lock()
	defer v.v.cache.mu.Unlock()
	return v.v.cache.allocated, v.v.cache.limit
}

// Opened is what the mount does after each open.
func (v *View) Opened(index int) { v.v.walked(v.v.life, index) }

// Settle waits until nothing is under way.
func (v *View) Settle() { v.v.fetches.Wait() }
