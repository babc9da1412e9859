package scratch

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	blockSize = 64 << 10 // what is encrypted at once, in bytes
	pageSize  = 4 << 10  // what a volume's size is counted in
	tagSize   = 16       // of AES-GCM

	// DefaultMemory is what a spool keeps in clear, in bytes.
	DefaultMemory = 64 << 20
	leastMemory   = 16 * blockSize
)

// Spool holds the content of some volumes: DefaultMemory bytes of it, those written
// last, in memory; the rest encrypted in a file without a name. A buffer of one block
// for each call under way comes on top, and 80 bytes for each block. Its methods may be called
// concurrently.
//
// Each write of a block takes a nonce that was never used before under the spool's
// key. Nonce, tag and length stay in memory, so a block that was changed, swapped
// or rolled back is noticed. The key is in memory alone and ends with the spool.
type Spool struct {
	file    *os.File
	aead    cipher.AEAD
	mem     []byte
	buffers sync.Pool // of *buffer

	failed chan error
	first  atomic.Pointer[error]

	mu      sync.Mutex
	settled sync.Cond // a frame is not busy any more
	work    sync.Cond // for the cleaner
	frames  []frame
	free    []int32
	clean   list
	dirty   list
	slots   []uint32 // that were used and are free again
	top     uint32   // slots below it exist
	seq     uint64   // of the last nonce
	full    bool     // the file took no more when the cleaner last asked
	closed  bool
	done    chan struct{} // the cleaner has ended
}

// block is up to blockSize bytes of a file. length is its owner's, who writes and cuts a
// block alone; the rest is under the spool's lock.
type block struct {
	length uint32 // bytes from here on are zero
	frame  int32  // 1 + where it is in clear; 0 where it is not
	slot   uint32 // 1 + where it is in the file; 0 where it is not
	stored uint32 // bytes of ciphertext there
	keep   uint32 // of these, those that still count
	seq    uint64
	tag    [tagSize]byte
}

// frame is a place for one block in clear. Who makes it busy has it alone.
type frame struct {
	block      *block
	used       int // bytes from here on are zero
	busy       bool
	changed    bool // since it was stored
	prev, next int32
}

type buffer struct {
	nonce [12]byte
	index [8]byte // of the slot: associated data
	data  [blockSize + tagSize]byte
}

// NewSpool makes a spool in the folder dir, where only ciphertext gets to. memory is
// what it may keep in clear, in bytes; zero means DefaultMemory.
func NewSpool(dir string, memory int64) (*Spool, error) {
	const op = "scratch.spool"
	if memory == 0 {
		memory = DefaultMemory
	}
	if memory < leastMemory {
		return nil, fault.New(fault.Invalid, op, "memory must be at least %d (got %d)", leastMemory, memory)
	}
	file, err := unnamed(dir)
	if err != nil {
		return nil, fault.New(fault.KindOf(err), op, "file in %s: %w", dir, err)
	}
	s := &Spool{file: file, failed: make(chan error, 1), done: make(chan struct{}), clean: noList, dirty: noList}
	s.buffers.New = func() any { return new(buffer) }
	s.settled.L, s.work.L = &s.mu, &s.mu
	if s.aead, err = newKey(); err != nil {
		file.Close()
		return nil, fault.Wrap(op, err)
	}
	n := memory / blockSize
	if s.mem, err = unix.Mmap(-1, 0, int(n*blockSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		file.Close()
		return nil, fault.New(fault.Unavailable, op, "memory: %w", err)
	}
	if err := unix.Madvise(s.mem, unix.MADV_DONTDUMP); err != nil {
		file.Close()
		_ = unix.Munmap(s.mem)
		return nil, fault.New(fault.Internal, op, "keep out of core dumps: %w", err)
	}
	s.frames = make([]frame, n)
	for i := range s.frames {
		s.free = append(s.free, int32(i))
	}
	go s.cleanAhead()
	return s, nil
}

func newKey() (cipher.AEAD, error) {
	key := make([]byte, 32)
	defer clear(key)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// unnamed opens a file that nobody else can open.
func unnamed(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "spool"), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "spool") // a file system without O_TMPFILE
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Failed gives the first fault: Tampered, or a file that could not be read or written. From then on
// every call is EIO. The room stops on it.
func (s *Spool) Failed() <-chan error { return s.failed }

// Err is the fault that Failed gives, without waiting: nil while there is none.
func (s *Spool) Err() error {
	if p := s.first.Load(); p != nil {
		return *p
	}
	return nil
}

func (s *Spool) fail(err error) error {
	if s.first.CompareAndSwap(nil, &err) {
		s.failed <- err
	}
	return err
}

// Close zeroes and frees everything. No volume may be using the spool any more.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.work.Signal()
	s.mu.Unlock()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.mem)
	s.aead, s.frames, s.free = nil, nil, nil
	err := errors.Join(unix.Munmap(s.mem), s.file.Close())
	s.mem = nil
	return fault.Wrap("scratch.spool", err)
}

func (s *Spool) plain(f int32) []byte {
	return s.mem[int(f)*blockSize : (int(f)+1)*blockSize : (int(f)+1)*blockSize]
}

// seal stores what frame f holds, which is busy, and returns what the block has to remember.
func (s *Spool) seal(f int32, slot uint32, seq uint64) (tag [tagSize]byte, err error) {
	b := s.buffers.Get().(*buffer)
	defer s.buffers.Put(b)
	b.label(slot, seq)
	used := s.frames[f].used
	out := s.aead.Seal(b.data[:0], b.nonce[:], s.plain(f)[:used], b.index[:])
	copy(tag[:], out[used:])
	_, err = s.file.WriteAt(out[:used], at(slot))
	return tag, err
}

// open reads what is stored of a block into p, which holds at least stored bytes.
func (s *Spool) open(p []byte, b block) error {
	const op = "scratch.read"
	buf := s.buffers.Get().(*buffer)
	defer s.buffers.Put(buf)
	buf.label(b.slot, b.seq)
	sealed := buf.data[:b.stored]
	if _, err := s.file.ReadAt(sealed, at(b.slot)); errors.Is(err, io.EOF) {
		return s.fail(fault.New(fault.Tampered, op, "the spool is shorter than what was written"))
	} else if err != nil {
		return s.fail(fault.New(fault.Unavailable, op, "spool: %w", err))
	}
	if _, err := s.aead.Open(p[:0:b.stored], buf.nonce[:], append(sealed, b.tag[:]...), buf.index[:]); err != nil {
		return s.fail(fault.New(fault.Tampered, op, "a block of the spool is not the one that was written"))
	}
	clear(p[b.keep:b.stored])
	return nil
}

func (b *buffer) label(slot uint32, seq uint64) {
	binary.BigEndian.PutUint64(b.nonce[4:], seq)
	binary.BigEndian.PutUint64(b.index[:], uint64(slot))
}

func at(slot uint32) int64 { return int64(slot-1) * blockSize }

// punch gives the file's space back. Where the file system cannot, ciphertext stays until the end.
func (s *Spool) punch(slot, from, to uint32) {
	from, to = pages(from)*pageSize, pages(to)*pageSize
	if from < to {
		_ = unix.Fallocate(int(s.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at(slot)+int64(from), int64(to-from))
	}
}

func pages(n uint32) uint32 { return (n + pageSize - 1) / pageSize }

// cleanAhead stores what was written longest ago while memory for what is written next gets short.
func (s *Spool) cleanAhead() {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for !s.closed && (s.dirty.n == 0 || s.full || s.available() >= len(s.frames)/2) {
			s.work.Wait()
		}
		if s.closed {
			return
		}
		if err := s.store(s.dirty.last); err != nil {
			s.full = true // or failed: nothing to do until something is dropped
		}
	}
}

func (s *Spool) available() int { return len(s.free) + s.clean.n }

// store makes the dirty frame f a clean one. It lets go of the lock meanwhile.
func (s *Spool) store(f int32) error {
	fr := &s.frames[f]
	b := fr.block
	s.remove(f)
	fr.busy = true
	if b.slot == 0 {
		b.slot = s.newSlot()
	}
	old := b.stored
	slot, seq := b.slot, s.next()
	b.keep, b.stored = 0, max(b.stored, uint32(fr.used)) // the file may hold either, or a bit of both
	s.mu.Unlock()
	tag, err := s.seal(f, slot, seq)
	if used := uint32(fr.used); err == nil && used < old {
		s.punch(slot, used, old)
	}
	s.mu.Lock()
	if err == nil {
		b.seq, b.tag, b.stored, b.keep = seq, tag, uint32(fr.used), uint32(fr.used)
		fr.changed = false
	} else if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		err = s.fail(fault.New(fault.Unavailable, "scratch.write", "spool: %w", err))
	}
	s.unhold(f)
	return err
}

func (s *Spool) next() uint64 { s.seq++; return s.seq }

func (s *Spool) newSlot() uint32 {
	if n := len(s.slots); n > 0 {
		slot := s.slots[n-1]
		s.slots = s.slots[:n-1]
		return slot
	}
	s.top++
	return s.top
}

// list is of frames that are not busy, the one used last first.
type list struct {
	first, last int32
	n           int
}

var noList = list{-1, -1, 0}

func (s *Spool) listOf(f int32) *list {
	if s.frames[f].changed {
		return &s.dirty
	}
	return &s.clean
}

func (s *Spool) insert(f int32) {
	l, fr := s.listOf(f), &s.frames[f]
	fr.prev, fr.next = -1, l.first
	if l.first >= 0 {
		s.frames[l.first].prev = f
	} else {
		l.last = f
	}
	l.first = f
	l.n++
}

func (s *Spool) remove(f int32) {
	l, fr := s.listOf(f), &s.frames[f]
	if fr.prev >= 0 {
		s.frames[fr.prev].next = fr.next
	} else {
		l.first = fr.next
	}
	if fr.next >= 0 {
		s.frames[fr.next].prev = fr.prev
	} else {
		l.last = fr.prev
	}
	l.n--
}
