package scratch

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func newContent(t *testing.T, size int64) (*content, *Spool) {
	t.Helper()
	s, err := NewSpool(t.TempDir(), leastMemory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	v, err := newVolume(s, Options{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	return &content{v: v}, s
}

// A spool of 16 blocks in memory holds a file of 64: most of what is read was encrypted in between.
func TestRandomOperationsAgainstBytes(t *testing.T) {
	const limit = 64 * blockSize
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	c, _ := newContent(t, 2*limit)
	var want []byte
	for step := range 400 {
		off, n := r.Int64N(limit), r.IntN(3*blockSize)
		end := min(off+int64(n), limit)
		switch r.IntN(6) {
		case 0, 1:
			p := make([]byte, end-off)
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			if _, err := c.writeAt(p, off); err != nil {
				t.Fatalf("step %d: write %d+%d: %v", step, off, len(p), err)
			}
			if len(p) > 0 && int(end) > len(want) {
				want = append(want, make([]byte, int(end)-len(want))...)
			}
			copy(want[min(int(off), len(want)):], p)
		case 2:
			if err := c.truncate(off); err != nil {
				t.Fatalf("step %d: truncate %d: %v", step, off, err)
			}
			if int(off) < len(want) {
				want = want[:off:off]
			} else {
				want = append(want, make([]byte, int(off)-len(want))...)
			}
		case 3:
			if end > off {
				if err := c.zero(off, end); err != nil {
					t.Fatalf("step %d: punch %d..%d: %v", step, off, end, err)
				}
				if int(off) < len(want) {
					clear(want[off:min(int(end), len(want))])
				}
			}
		case 4:
			if end > off {
				if err := c.allocate(off, end, true); err != nil {
					t.Fatalf("step %d: allocate %d..%d: %v", step, off, end, err)
				}
			}
		}
		got := make([]byte, end-off)
		m, err := c.readAt(got, off)
		if expect := want[min(int(off), len(want)):min(int(end), len(want))]; err != nil || !bytes.Equal(got[:m], expect) {
			t.Fatalf("step %d: read %d..%d differs, or %v", step, off, end, err)
		}
	}
	if err := c.truncate(0); err != nil || c.v.used.Load() != 0 || len(c.blocks) != 0 {
		t.Errorf("emptied: %v, %d pages and %d blocks left", err, c.v.used.Load(), len(c.blocks))
	}
}

func TestMoreThanTheSizeIsENOSPC(t *testing.T) {
	c, _ := newContent(t, 4*blockSize)
	n, err := c.writeAt(make([]byte, 6*blockSize), 0)
	if !errors.Is(err, syscall.ENOSPC) || n != 4*blockSize {
		t.Errorf("writeAt = %d, %v; want what fits and ENOSPC", n, err)
	}
	if err := c.truncate(0); err != nil {
		t.Fatal(err)
	}
	if n, err := c.writeAt(make([]byte, 4*blockSize), 0); err != nil || n != 4*blockSize {
		t.Errorf("after it was emptied: writeAt = %d, %v", n, err)
	}
}

// What the operator's disk does to the spool is noticed, and no byte in clear is on it.
func TestAChangedSpoolIsTampered(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, s *Spool, one, other *block){
		"a flipped bit": func(t *testing.T, s *Spool, one, _ *block) {
			p := make([]byte, 1)
			if _, err := s.file.ReadAt(p, at(one.slot)); err != nil {
				t.Fatal(err)
			}
			p[0] ^= 1
			if _, err := s.file.WriteAt(p, at(one.slot)); err != nil {
				t.Fatal(err)
			}
		},
		"two blocks swapped": func(t *testing.T, s *Spool, one, other *block) {
			p := make([]byte, blockSize)
			if _, err := s.file.ReadAt(p, at(other.slot)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.file.WriteAt(p, at(one.slot)); err != nil {
				t.Fatal(err)
			}
		},
		"a cut file": func(t *testing.T, s *Spool, _, _ *block) {
			if err := s.file.Truncate(0); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := newContent(t, 64*blockSize)
			plain := bytes.Repeat([]byte("patient"), 32*blockSize/7)
			if _, err := c.writeAt(plain, 0); err != nil {
				t.Fatal(err)
			}
			stored := stored(s, c) // which blocks depends on how fast the cleaner is
			raw := make([]byte, blockSize)
			if _, err := s.file.ReadAt(raw, at(c.blocks[stored[0]].slot)); err != nil || bytes.Contains(raw, []byte("patient")) {
				t.Fatalf("the spool shows what it holds, or %v", err)
			}
			change(t, s, c.blocks[stored[0]], c.blocks[stored[1]])
			if _, err := c.readAt(make([]byte, 100), stored[0]*blockSize); fault.KindOf(err) != fault.Tampered || errno(err) != syscall.EIO {
				t.Errorf("readAt = %v, want Tampered", err)
			}
			select {
			case err := <-s.Failed():
				if fault.KindOf(err) != fault.Tampered {
					t.Errorf("Failed gives %v", err)
				}
			default:
				t.Error("nobody is told")
			}
		})
	}
}

// stored returns the numbers of the blocks that are in the file alone.
func stored(s *Spool, c *content) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []int64
	for i := range int64(len(c.blocks)) {
		if c.blocks[i].frame == 0 {
			out = append(out, i)
		}
	}
	return out
}
