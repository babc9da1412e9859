package volume

import (
	"context"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// segmentKey names one segment of one file of the dataset.
type segmentKey struct {
	file  int // index of the entry in the manifest
	index int64
}

// segment is a decrypted segment, or one that is on its way. Its fields after
// ready are written before ready is closed, and only read after.
type segment struct {
	key        segmentKey
	buf        []byte // SegmentSize bytes, owned by the cache
	refs       int    // guarded by cache.mu
	prev, next *segment

	ready chan struct{}
	plain []byte
	err   error
}

// cache keeps decrypted segments in at most limit buffers, the least recently
// used first to go. Its methods may be called concurrently.
type cache struct {
	mu        sync.Mutex
	segments  map[segmentKey]*segment
	idle      segment  // ring of segments that nobody holds; next is the least recent
	free      [][]byte // buffers without a segment
	allocated int
	limit     int
	freed     chan struct{} // closed when a buffer may have become available
	awaited   bool          // somebody waits for freed
}

// minSegments lets a reader and its read-ahead work at all.
const minSegments = 64

func newCache(bytes int64) *cache {
	c := &cache{
		segments: map[segmentKey]*segment{},
		limit:    int(max(minSegments, bytes/sealed.SegmentSize)),
		freed:    make(chan struct{}),
	}
	c.idle.prev, c.idle.next = &c.idle, &c.idle
	return c
}

// get returns the segment, held by the caller, and whether the caller must
// fill it with done. It waits for a buffer while all of them are in use.
// A filler needs a hold of its own: the caller may leave before it is done.
func (c *cache) get(ctx context.Context, key segmentKey) (s *segment, fill bool, err error) {
	for {
		s, fill, wait := c.try(key)
		if s != nil {
			return s, fill, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// try is get without waiting: it returns what to wait for instead.
func (c *cache) try(key segmentKey) (s *segment, fill bool, wait <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.segments[key]; s != nil {
		c.hold(s)
		return s, false, nil
	}
	if s := c.add(key); s != nil {
		return s, true, nil
	}
	c.awaited = true
	return nil, false, c.freed
}

// claim is try for a segment that is wanted only if it is missing: it returns
// nil where it is present already, or there is no buffer.
func (c *cache) claim(key segmentKey) (s *segment, present bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.segments[key] != nil {
		return nil, true
	}
	return c.add(key), false
}

// add makes a segment to be filled, held once. It needs mu.
func (c *cache) add(key segmentKey) *segment {
	buf := c.buffer()
	if buf == nil {
		return nil
	}
	s := &segment{key: key, buf: buf, refs: 1, ready: make(chan struct{})}
	c.segments[key] = s
	return s
}

func (c *cache) hold(s *segment) {
	if s.refs == 0 && s.next != nil {
		s.prev.next, s.next.prev = s.next, s.prev
		s.prev, s.next = nil, nil
	}
	s.refs++
}

// buffer finds a buffer: free, new within the limit, or the least recent segment's.
func (c *cache) buffer() []byte {
	if n := len(c.free); n > 0 {
		b := c.free[n-1]
		c.free = c.free[:n-1]
		return b
	}
	if c.allocated < c.limit {
		c.allocated++
		return make([]byte, sealed.SegmentSize)
	}
	s := c.idle.next
	if s == &c.idle {
		return nil
	}
	c.idle.next, s.next.prev = s.next, &c.idle
	delete(c.segments, s.key)
	b := s.buf
	s.buf, s.plain = nil, nil
	return b
}

// retain adds a hold to a segment that the caller holds already.
func (c *cache) retain(s *segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold(s)
}

// done says that s is filled, or could not be, and releases the filler's hold. A
// failed segment is forgotten, so the next reader asks again.
func (c *cache) done(s *segment, plain []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.plain, s.err = plain, err
	close(s.ready)
	if err != nil {
		delete(c.segments, s.key)
	}
	c.drop(s)
}

// release gives back what get held.
func (c *cache) release(s *segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(s)
}

func (c *cache) drop(s *segment) {
	if s.refs--; s.refs > 0 {
		return
	}
	if s.err != nil {
		c.free = append(c.free, s.buf)
	} else {
		s.prev, s.next = c.idle.prev, &c.idle
		c.idle.prev.next, c.idle.prev = s, s
	}
	if c.awaited {
		close(c.freed)
		c.freed, c.awaited = make(chan struct{}), false
	}
}

// wipe zeroes what is cached. Nothing may be held or got any more.
func (c *cache) wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.segments {
		clear(s.buf)
	}
	for _, b := range c.free {
		clear(b)
	}
	c.segments, c.free = map[segmentKey]*segment{}, nil
	c.limit = 0
	c.idle.prev, c.idle.next = &c.idle, &c.idle
}
