package scratch

import (
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// write puts p into a block from its byte off on; the block has length bytes afterwards.
// Where all its bytes are overwritten it is not read. ENOSPC where neither
// memory nor the file has room; then nothing is changed.
func (s *Spool) write(b *block, off int, p []byte, length uint32) error {
	f, err := s.hold(b, off > 0 || len(p) < int(b.length))
	if err != nil {
		return err
	}
	copy(s.plain(f)[off:], p)
	s.edited(b, f, length)
	return nil
}

// zero zeroes the bytes from..to of a block, whose length stays. Its errors are those of write.
func (s *Spool) zero(b *block, from, to int) error {
	f, err := s.hold(b, true)
	if err != nil {
		return err
	}
	clear(s.plain(f)[from:to])
	s.edited(b, f, b.length)
	return nil
}

func (s *Spool) edited(b *block, f int32, length uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fr := &s.frames[f]
	fr.used, fr.changed = max(fr.used, int(length)), true
	b.length = length
	s.unhold(f)
}

// read fills p with the block's bytes from off on. It takes no memory of the spool's.
func (s *Spool) read(b *block, off int, p []byte) error {
	s.mu.Lock()
	for b.frame != 0 && s.frames[b.frame-1].busy {
		s.settled.Wait()
	}
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	if b.frame != 0 {
		f := b.frame - 1
		s.remove(f)
		s.frames[f].busy = true
		s.mu.Unlock()
		copy(p, s.plain(f)[off:])
		s.mu.Lock()
		s.unhold(f)
		s.mu.Unlock()
		return nil
	}
	now := *b
	s.mu.Unlock()
	switch {
	case now.keep == 0:
		clear(p)
	case off == 0 && len(p) >= int(now.stored):
		clear(p[now.stored:])
		return s.open(p, now)
	default:
		tmp := s.buffers.Get().(*buffer)
		defer s.buffers.Put(tmp)
		defer clear(tmp.data[:now.stored])
		if err := s.open(tmp.data[:blockSize], now); err != nil {
			return err
		}
		n := 0
		if off < int(now.keep) {
			n = copy(p, tmp.data[off:now.keep])
		}
		clear(p[n:])
	}
	return nil
}

// cut makes the block end at length, which is above 0 and not above its own.
func (s *Spool) cut(b *block, length uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b.frame != 0 && s.frames[b.frame-1].busy {
		s.settled.Wait()
	}
	if b.frame != 0 {
		fr := &s.frames[b.frame-1]
		if fr.used > int(length) {
			clear(s.plain(b.frame - 1)[length:fr.used])
			fr.used = int(length)
		}
	}
	b.length, b.keep = length, min(b.keep, length)
}

// drop zeroes the block and frees what it took.
func (s *Spool) drop(b *block) {
	s.mu.Lock()
	for b.frame != 0 && s.frames[b.frame-1].busy {
		s.settled.Wait()
	}
	if b.frame != 0 {
		s.remove(b.frame - 1)
		s.release(b.frame - 1)
	}
	slot, stored := b.slot, b.stored
	*b = block{}
	s.mu.Unlock()
	if slot != 0 {
		s.punch(slot, 0, stored)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot != 0 {
		s.slots = append(s.slots, slot)
	}
	s.full = false
	s.work.Signal()
}

var errClosed = fault.New(fault.Internal, "scratch.spool", "is closed")

// hold brings the block into memory and gives its frame to the caller alone.
func (s *Spool) hold(b *block, fill bool) (int32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b.frame != 0 && s.frames[b.frame-1].busy {
		s.settled.Wait()
	}
	if b.frame != 0 {
		f := b.frame - 1
		s.remove(f)
		s.frames[f].busy = true
		return f, nil
	}
	f, err := s.take()
	if err != nil {
		return 0, err
	}
	fr := &s.frames[f]
	*fr = frame{block: b, busy: true}
	b.frame = f + 1
	if !fill || b.keep == 0 {
		return f, nil
	}
	fr.used = int(b.stored)
	now := *b
	s.mu.Unlock()
	err = s.open(s.plain(f), now)
	s.mu.Lock()
	if err != nil {
		s.release(f)
		s.settled.Broadcast()
		return 0, err
	}
	return f, nil
}

// unhold gives the frame back to all.
func (s *Spool) unhold(f int32) {
	s.frames[f].busy = false
	s.insert(f)
	s.settled.Broadcast()
	if s.available() < len(s.frames)/2 {
		s.work.Signal()
	}
}

// take finds a frame that holds nothing, and forgets or stores another block for it.
func (s *Spool) take() (int32, error) {
	for {
		if s.closed {
			return 0, errClosed
		}
		if err := s.Err(); err != nil {
			return 0, err
		}
		switch n := len(s.free); {
		case n > 0:
			f := s.free[n-1]
			s.free = s.free[:n-1]
			return f, nil
		case s.clean.n > 0:
			f := s.clean.last
			s.remove(f)
			s.release(f)
		case s.dirty.n > 0:
			if err := s.store(s.dirty.last); err != nil {
				return 0, err
			}
		default:
			s.settled.Wait()
		}
	}
}

// release zeroes a frame that is in no list.
func (s *Spool) release(f int32) {
	fr := &s.frames[f]
	clear(s.plain(f)[:fr.used])
	fr.block.frame = 0
	*fr = frame{}
	s.free = append(s.free, f)
}
