package volume

import (
	"context"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// reading is plaintext on its way to the kernel, which copies it straight from the
// cache's segments. They are held until Done.
type reading struct {
	cache *cache
	parts [][]byte
	held  []*segment
	size  int
	end   func() // called by Done; may be nil
}

// Slices, Size, Bytes and Done are go-fuse's ReadResult.
func (r *reading) Slices() ([][]byte, fuse.Status) { return r.parts, fuse.OK }

func (r *reading) Size() int { return r.size }

func (r *reading) Bytes(buf []byte) ([]byte, fuse.Status) {
	buf = buf[:0]
	for _, p := range r.parts {
		buf = append(buf, p...)
	}
	return buf, fuse.OK
}

func (r *reading) Done() {
	r.release()
	if r.end != nil {
		r.end()
	}
}

func (r *reading) release() {
	for _, s := range r.held {
		r.cache.release(s)
	}
	r.held = r.held[:0]
}

// settle copies what is held into p, so that nothing is held.
func (r *reading) settle(p []byte) {
	if len(r.held) == 0 {
		return
	}
	n := 0
	for _, part := range r.parts {
		n += copy(p[n:], part) // the first part may be p's own beginning already
	}
	r.parts = append(r.parts[:0], p[:n])
	r.release()
}

// read returns the plaintext from off on, as much as p has room for and the file has
// left. The file must be open. p is used only where the cache has too few buffers to
// hold all segments of the reading at once.
func (v *view) read(ctx context.Context, f *file, a *ahead, p []byte, off int64) (*reading, error) {
	f.mu.Lock()
	opener := f.opener
	f.mu.Unlock()
	if opener == nil {
		return nil, fault.New(fault.Internal, "volume.read", "file is not open")
	}
	r := &reading{cache: v.cache}
	if off < 0 || off >= opener.Size() || len(p) == 0 {
		return r, nil
	}
	p = p[:min(int64(len(p)), opener.Size()-off)]
	last := sealed.SegmentOf(off + int64(len(p)) - 1)
	for r.size < len(p) {
		at := off + int64(r.size)
		s, err := v.get(ctx, f, opener, sealed.SegmentOf(at), last, func() { r.settle(p) })
		if err == nil && r.size == 0 { // on its way before we wait for what is asked for now
			if from, to := a.plan(off, int64(len(p)), opener.Size(), v.windowLimit); to > from {
				a.reached(v.prefetch(f, opener, from, to))
			}
		}
		if err == nil {
			err = v.await(ctx, s)
		}
		if err != nil {
			r.release()
			return nil, err
		}
		part := s.plain[at-sealed.PlainStart(s.key.index):]
		part = part[:min(len(part), len(p)-r.size)]
		r.parts, r.held, r.size = append(r.parts, part), append(r.held, s), r.size+len(part)
	}
	return r, nil
}

// get returns a segment, held, and sees to it that it and the missing ones up to last
// are on their way. Before it waits for a buffer it calls settle: who holds some and
// waits for others could wait for ever.
func (v *view) get(ctx context.Context, f *file, o *sealed.Opener, i, last int64, settle func()) (*segment, error) {
	key := segmentKey{f.index, i}
	s, fill, _ := v.cache.try(key)
	if s == nil {
		settle()
		var err error
		if s, fill, err = v.cache.get(ctx, key); err != nil {
			return nil, err
		}
	}
	if fill {
		v.fetchMissing(f, o, s, last)
	} else {
		v.stats.hits.Add(1)
	}
	return s, nil
}

// await waits until a segment is there. After an error it is not held.
func (v *view) await(ctx context.Context, s *segment) error {
	select {
	case <-s.ready:
		if s.err == nil {
			return nil
		}
		defer v.cache.release(s)
		return s.err
	case <-ctx.Done():
		v.cache.release(s)
		return ctx.Err()
	}
}
