// Package secret holds keys in memory that is never swapped, never part of a
// core dump, never printed, and has an end. It never writes a key anywhere.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"syscall"
)

const shown = "[secret]"

// madvDontDump is MADV_DONTDUMP of Linux's madvise(2), which package syscall lacks.
const madvDontDump = 16

// ErrDestroyed is what a use after Destroy gets.
var ErrDestroyed = errors.New("secret is destroyed")

// Bytes is a secret. Its methods may be called concurrently. The zero value,
// and nil, hold nothing and refuse to be used.
type Bytes struct {
	mu  sync.RWMutex
	mem []byte // an own mapping; nil after Destroy
	n   int
}

// New moves b into a secret: b is zeroed. It fails for an empty b, and where
// the memory cannot be had or kept out of core dumps.
func New(b []byte) (*Bytes, error) {
	s, err := alloc(len(b))
	if err != nil {
		return nil, err
	}
	copy(s.mem, b)
	clear(b)
	return s, nil
}

// Read fills a new secret of n bytes from r.
func Read(r io.Reader, n int) (*Bytes, error) {
	s, err := alloc(n)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(r, s.mem[:n]); err != nil {
		s.Destroy()
		return nil, err
	}
	return s, nil
}

func alloc(n int) (*Bytes, error) {
	if n <= 0 {
		return nil, errors.New("empty secret")
	}
	mem, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("secret memory: %w", err)
	}
	if err := syscall.Madvise(mem, madvDontDump); err != nil {
		_ = syscall.Munmap(mem) // nothing is in it yet
		return nil, fmt.Errorf("secret memory: keep out of core dumps: %w", err)
	}
	// A locked page is never swapped. Where the limit forbids it, the room's
	// own rule (no swap inside the TEE) still holds.
	_ = syscall.Mlock(mem)
	s := &Bytes{mem: mem, n: n}
	runtime.SetFinalizer(s, (*Bytes).Destroy)
	return s, nil
}

// Use calls f with the secret's bytes, which f must neither keep nor print.
func (s *Bytes) Use(f func(key []byte) error) error {
	if s == nil {
		return ErrDestroyed
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.mem == nil {
		return ErrDestroyed
	}
	return f(s.mem[:s.n:s.n])
}

// Len returns the secret's length in bytes, 0 after Destroy.
func (s *Bytes) Len() int {
	if s == nil {
		return 0
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.mem == nil {
		return 0
	}
	return s.n
}

// Destroy zeroes and frees the secret. It may be called more than once.
func (s *Bytes) Destroy() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mem == nil {
		return
	}
	clear(s.mem)
	_ = syscall.Munmap(s.mem) // frees the lock too; the bytes are zero already
	s.mem = nil
	runtime.SetFinalizer(s, nil)
}

// String, Format, GoString, MarshalText, MarshalJSON and LogValue all show the
// same word, so no verb, encoder or logger prints the bytes.
func (s *Bytes) String() string               { return shown }
func (s *Bytes) GoString() string             { return shown }
func (s *Bytes) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, shown) }
func (s *Bytes) MarshalText() ([]byte, error) { return []byte(shown), nil }
func (s *Bytes) MarshalJSON() ([]byte, error) { return []byte(`"` + shown + `"`), nil }
func (s *Bytes) LogValue() slog.Value         { return slog.StringValue(shown) }
