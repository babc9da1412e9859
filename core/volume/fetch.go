package volume

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// maxAhead bounds the range reads that nobody waits for yet.
const maxAhead = 48

// policy is how patiently a mount waits for its store.
var policy = retry.Standard

// view reads one dataset through the cache. Ciphertext arrives in the cache's own
// buffers and is opened in place, so that they are all the memory that grows with
// use. Its methods may be called concurrently.
type view struct {
	manifest    *sealed.Manifest
	source      Source
	dek         *secret.Bytes
	cache       *cache
	retry       retry.Policy
	windowLimit int64 // bytes read ahead at most for one open file
	walks       walks
	tampered    func(error)

	life    context.Context // ends with the mount
	fetches sync.WaitGroup
	ahead   chan struct{} // one for each range read ahead
	stats   counters
}

type counters struct {
	hits, requests, retries atomic.Int64
	fetched, served         atomic.Int64 // bytes
}

func newView(life context.Context, ds Dataset, cacheBytes int64, tampered func(error)) *view {
	v := &view{
		tampered: tampered,
		manifest: ds.Manifest, source: ds.Source, dek: ds.DEK, life: life, retry: policy,
		cache: newCache(cacheBytes), ahead: make(chan struct{}, maxAhead),
	}
	v.windowLimit = int64(v.cache.limit) * sealed.SegmentSize / 4
	v.walks.limit = max(firstWalk, v.cache.limit/maxWalks)
	return v
}

// ask asks the source, again while it is Unavailable, until ctx or the mount ends.
func (v *view) ask(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(v.life, cancel)()
	first := true
	return v.retry.Do(ctx, func(ctx context.Context) error {
		if !first {
			v.stats.retries.Add(1)
		}
		first = false
		v.stats.requests.Add(1)
		return f(ctx)
	})
}

// fetchMissing fills s, which the caller claimed and holds, together with the
// segments after it, up to last, that are missing too.
func (v *view) fetchMissing(f *file, o *sealed.Opener, s *segment, last int64) {
	v.cache.retain(s)
	run := []*segment{s}
	for i := s.key.index + 1; i <= last && len(run) < chunkSegments; i++ {
		next, _ := v.cache.claim(segmentKey{f.index, i})
		if next == nil {
			break
		}
		run = append(run, next)
	}
	v.fetches.Go(func() { v.fetch(f, o, run) })
}

// prefetch fetches what is missing of the segments from…to-1, as far as there
// are buffers that nobody needs more, and returns how far that was.
func (v *view) prefetch(f *file, o *sealed.Opener, from, to int64) int64 {
	for from < to {
		select {
		case v.ahead <- struct{}{}:
		default:
			return from
		}
		run, next := v.claimRun(f.index, from, to)
		if len(run) == 0 {
			<-v.ahead
			return next
		}
		from = next
		v.fetches.Go(func() {
			defer func() { <-v.ahead }()
			v.fetch(f, o, run)
		})
	}
	return to
}

// claimRun claims the first contiguous run of missing segments, and returns where to go on.
func (v *view) claimRun(file int, from, to int64) (run []*segment, next int64) {
	for next = from; next < to && len(run) < chunkSegments; next++ {
		s, present := v.cache.claim(segmentKey{file, next})
		if s != nil {
			run = append(run, s)
		} else if !present || len(run) > 0 {
			break
		}
	}
	return run, next
}

// fetch fills the run. What has arrived before an answer breaks off is good, and each
// such step forward starts the patience anew.
func (v *view) fetch(f *file, o *sealed.Opener, run []*segment) {
	for len(run) > 0 {
		err := v.ask(v.life, func(ctx context.Context) error {
			had := len(run)
			err := v.stream(ctx, f, o, run, func(s *segment, plain []byte) {
				v.cache.done(s, plain, nil)
				run = run[1:]
			})
			if len(run) < had && fault.KindOf(err) == fault.Unavailable {
				return nil
			}
			return err
		})
		if err != nil {
			v.fail(run, err)
			return
		}
	}
}

// stream asks for the run in one range, and gives each segment to done as soon as it
// has arrived and is authenticated.
func (v *view) stream(ctx context.Context, f *file, o *sealed.Opener, run []*segment, done func(*segment, []byte)) error {
	const op = "volume.read"
	first := run[0].key.index
	off, left := o.SealedRange(first, first+int64(len(run)))
	body, err := v.rangeOf(ctx, f, off, left)
	if err != nil {
		return missing(op, f.version().Name, err)
	}
	defer body.Close()
	for _, s := range run {
		ciphertext := s.buf[:min(left, sealed.SegmentSize)]
		if _, err := io.ReadFull(body, ciphertext); err != nil {
			return missing(op, f.version().Name, cutShort(err))
		}
		left -= int64(len(ciphertext))
		v.stats.fetched.Add(int64(len(ciphertext)))
		dst := s.buf[:0] // in place
		if s.key.index == 0 {
			dst = s.buf[sealed.HeaderSize:sealed.HeaderSize]
		}
		plain, err := o.Open(dst, s.key.index, ciphertext)
		if err != nil {
			return fault.New(fault.KindOf(err), op, "%s: %w", f.version().Name, err)
		}
		done(s, plain)
	}
	return nil
}

// cutShort is an early end without a kind: the answer broke off.
func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fault.New(fault.Unavailable, "volume.read", "%w", io.ErrUnexpectedEOF)
	}
	return err
}

// rangeOf opens a range of the file's one version.
func (v *view) rangeOf(ctx context.Context, f *file, off, n int64) (io.ReadCloser, error) {
	want := f.version()
	if s, ok := v.source.(Streamer); ok {
		body, got, err := s.Open(ctx, want, off, n)
		if err != nil {
			return nil, err
		}
		if err := f.pin(got); err != nil {
			body.Close()
			return nil, err
		}
		return body, nil
	}
	if want.ETag == object.AnyVersion {
		got, err := v.source.Stat(ctx, want.Name)
		if err != nil {
			return nil, err
		}
		if err := f.pin(got); err != nil {
			return nil, err
		}
		want = f.version()
	}
	p := make([]byte, n)
	if err := v.source.ReadRange(ctx, want, off, p); err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(p)), nil
}

// fail gives err to who waits for the run. Changed bytes count even if nobody does.
func (v *view) fail(run []*segment, err error) {
	for _, s := range run {
		v.cache.done(s, nil, err)
	}
	if fault.KindOf(err) == fault.Tampered {
		v.tampered(err)
	}
}
