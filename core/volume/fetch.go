package volume

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// slots bounds the ciphertext in flight to slots × 4 MiB, beside one segment
// for each single fetch.
const slots = 6

// view reads one dataset through the cache. Its methods may be called concurrently.
type view struct {
	manifest    *sealed.Manifest
	source      Source
	dek         *secret.Bytes
	cache       *cache
	retry       retry.Policy
	windowLimit int64 // bytes read ahead at most for one open file
	tampered    func(error)

	life    context.Context // ends with the mount
	fetches sync.WaitGroup
	slots   chan []byte // ciphertext buffers; nil until first used
	stats   counters
}

type counters struct {
	hits, requests, retries atomic.Int64
	fetched, served         atomic.Int64 // bytes
}

func newView(life context.Context, ds Dataset, cacheBytes int64, tampered func(error)) *view {
	v := &view{
		tampered: tampered,
		manifest: ds.Manifest, source: ds.Source, dek: ds.DEK, life: life, retry: retry.Standard,
		cache: newCache(cacheBytes), slots: make(chan []byte, slots),
	}
	v.windowLimit = int64(v.cache.limit) * sealed.SegmentSize / 4
	for range slots {
		v.slots <- nil
	}
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
	info := f.info // set before the first read, and never changed
	v.fetches.Go(func() {
		var buf []byte
		if len(run) > 1 {
			select {
			case buf = <-v.slots:
				defer func() { v.slots <- buf }()
			case <-v.life.Done():
				v.fail(run, v.life.Err())
				return
			}
		}
		buf = v.fetch(info, o, run, buf)
	})
}

// prefetch fetches what is missing of the segments from…to-1, as far as there
// are buffers that nobody needs more, and returns how far that was.
func (v *view) prefetch(f *file, o *sealed.Opener, from, to int64) int64 {
	info := f.info
	for from < to {
		var buf []byte
		select {
		case buf = <-v.slots:
		default:
			return from
		}
		run, next := v.claimRun(f.index, from, to)
		if len(run) == 0 {
			v.slots <- buf
			return next
		}
		from = next
		v.fetches.Go(func() {
			buf = v.fetch(info, o, run, buf)
			v.slots <- buf
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

// fetch reads the run's ciphertext in one range and opens it. It returns buf, perhaps grown.
func (v *view) fetch(info object.Info, o *sealed.Opener, run []*segment, buf []byte) []byte {
	first := run[0].key.index
	off, length := o.SealedRange(first, first+int64(len(run)))
	ciphertext := run[0].buf
	if len(run) > 1 {
		if int64(cap(buf)) < length {
			buf = make([]byte, length)
		}
		ciphertext = buf
	}
	ciphertext = ciphertext[:length]
	if err := v.ask(v.life, func(ctx context.Context) error {
		return v.source.ReadRange(ctx, info, off, ciphertext)
	}); err != nil {
		v.fail(run, missing("volume.read", info.Name, err))
		return buf
	}
	v.stats.fetched.Add(length)
	for n, s := range run {
		seg := ciphertext[n*sealed.SegmentSize : min(length, int64(n+1)*sealed.SegmentSize)]
		dst := s.buf[:0]
		if len(run) == 1 && first == 0 {
			dst = s.buf[sealed.HeaderSize:sealed.HeaderSize] // in place, after the header
		}
		plain, err := o.Open(dst, s.key.index, seg)
		if err != nil {
			v.fail(run[n:], fault.New(fault.KindOf(err), "volume.read", "%s: %w", info.Name, err))
			return buf
		}
		v.cache.done(s, plain, nil)
	}
	return buf
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
