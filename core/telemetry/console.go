package telemetry

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// Console captures the application's stdout and stderr, byte for byte, in memory
// up to a limit for both together. What comes after the limit is read and thrown
// away, so the application never waits for it. Its methods may be called concurrently.
type Console struct {
	limit   int64
	streams [2]*stream // stdout, stderr
	over    chan error
	done    sync.WaitGroup

	mu   sync.Mutex
	held int64 // guarded by mu, as all below
	full bool
	errs []error
}

// stream is one FIFO and what came out of it.
type stream struct {
	name   string
	fifo   *sandbox.Fifo
	chunks [][]byte // by its reader alone, until the reader is done
}

// names of the files that WriteTo makes.
var names = [2]string{"stdout", "stderr"}

const chunk = 32 << 10

// drainLimit bounds how long Finish waits for what a dead application left in a
// pipe: it is there already, unless something still holds the pipe open.
const drainLimit = 5 * time.Second

// NewConsole makes the FIFOs stdout and stderr in dir and begins to read them. It
// does not wait for a writer.
func NewConsole(dir string, limit int64) (*Console, error) {
	const op = "telemetry.console"
	if limit <= 0 {
		return nil, fault.New(fault.Invalid, op, "limit: must be positive (got %d)", limit)
	}
	c := &Console{limit: limit, over: make(chan error, 1)}
	for i, name := range names {
		fifo, err := sandbox.NewFifo(dir, name)
		if err != nil {
			c.abandon()
			return nil, fault.Wrap(op, err)
		}
		c.streams[i] = &stream{name: name, fifo: fifo}
	}
	for _, s := range c.streams {
		c.done.Go(func() { c.capture(s) })
	}
	return c, nil
}

// Paths are where a runtime writes to: stdout, stderr.
func (c *Console) Paths() (stdout, stderr string) {
	return c.streams[0].fifo.Path, c.streams[1].fifo.Path
}

func (c *Console) capture(s *stream) {
	buf := make([]byte, chunk)
	for {
		n, err := s.fifo.Read(buf)
		if keep := c.admit(int64(n)); keep > 0 {
			s.chunks = append(s.chunks, append([]byte(nil), buf[:keep]...))
		}
		if err != nil {
			if err != io.EOF {
				c.note(fault.New(fault.Unavailable, "telemetry.console", "%s: %w", s.name, err))
			}
			return
		}
	}
}

// admit says how many of n bytes there is room for, and tells when there is none.
func (c *Console) admit(n int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := min(n, c.limit-c.held)
	c.held += keep
	if keep < n && !c.full {
		c.full = true
		err := fault.New(fault.Failed, "application", "console: more than %d bytes on stdout and stderr", c.limit)
		c.errs = append(c.errs, err)
		c.over <- err
	}
	return keep
}

func (c *Console) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// Over gives one error, of kind Failed, when the application wrote more than the limit.
func (c *Console) Over() <-chan error { return c.over }

// Finish takes what is left after the application ended. It returns the first
// thing that went wrong, which is the limit's error where it was passed.
func (c *Console) Finish() error {
	deadline := time.Now().Add(drainLimit)
	for _, s := range c.streams {
		if err := s.fifo.Opened(); err != nil && !errors.Is(err, os.ErrClosed) {
			c.note(fault.New(fault.Internal, "telemetry.console", "%w", err))
		}
		_ = s.fifo.SetReadDeadline(deadline) // closed already: nothing to wait for
	}
	c.done.Wait()
	c.abandon()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) > 0 {
		return c.errs[0]
	}
	return nil
}

// abandon closes what is open.
func (c *Console) abandon() {
	for _, s := range c.streams {
		if s != nil {
			_ = s.fifo.Opened() // both may be closed already
			_ = s.fifo.Close()
		}
	}
}

// WriteTo makes dir with the files stdout and stderr in it, which must be in
// memory of the room. Call it after Finish.
func (c *Console) WriteTo(dir string) error {
	const op = "telemetry.console"
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	for _, s := range c.streams {
		if err := s.writeTo(filepath.Join(dir, s.name)); err != nil {
			return fault.New(fault.Unavailable, op, "%w", err)
		}
	}
	return nil
}

func (s *stream) writeTo(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, b := range s.chunks {
		if _, err := f.Write(b); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}
