package sandbox

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Fifo is a pipe with a name, by which the application's console reaches the
// core byte for byte.
type Fifo struct {
	*os.File // the reading end
	Path     string
	keep     *os.File
}

// NewFifo makes dir/name, readable and writable by this user alone. Until
// Opened is called reads wait; after it they end when the last writer does.
func NewFifo(dir, name string) (*Fifo, error) {
	const op = "sandbox.fifo"
	path := filepath.Join(dir, name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fault.New(fault.Internal, op, "%s: %w", path, err)
	}
	// Opened without waiting for a writer, and so served by Go's poller.
	r, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	// A FIFO that no writer has yet is at its end: we are one until there is another.
	keep, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		r.Close()
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	return &Fifo{r, path, keep}, nil
}

// Opened says that the writers have opened the FIFO, or never will.
func (f *Fifo) Opened() error { return f.keep.Close() }
