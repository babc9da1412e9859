package volume

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/kernel"
)

// Close takes the data away from the application, whether it still holds files
// or not: reads fail at once, the mount is gone, the cache is zeroed. It may be
// called more than once.
func (m *Mounted) Close() error {
	m.closeOnce.Do(func() { m.closeErr = m.close() })
	return m.closeErr
}

// patience is how long the kernel may take to let go before the connection is
// cut, and again before Close gives up on it.
const patience = 500 * time.Millisecond

func (m *Mounted) close() error {
	const op = "volume.close"
	m.stopped.Store(true)
	m.end()
	err := unix.Unmount(m.dir, unix.MNT_DETACH)
	if err == unix.EINVAL || err == unix.ENOENT {
		err = nil // somebody unmounted it before us
	}
	var cut error
	if !m.waitServed() {
		// The application, or another mount namespace, still holds it.
		cut = kernel.Abort(m.dev)
		m.waitServed()
	}
	m.busy.Lock() // no call is under way, and later ones see stopped
	defer m.busy.Unlock()
	m.view.fetches.Wait()
	m.view.cache.wipe()
	if err != nil {
		return fault.New(fault.Internal, op, "unmount: %w", err)
	}
	select {
	case <-m.served:
		return nil
	default:
		return fault.New(fault.Internal, op, "the mount is still held, and answers nothing but errors (%v)", cut)
	}
}

func (m *Mounted) waitServed() bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-m.served:
		return true
	case <-timer.C:
		return false
	}
}

// Stats are counts since the mount.
type Stats struct {
	Requests int64 // to the source
	Retries  int64 // of them, those that were repeats
	Fetched  int64 // bytes of ciphertext
	Served   int64 // bytes of plaintext
	Hits     int64 // segments found in the cache
}

// Stats returns the counts so far.
func (m *Mounted) Stats() Stats {
	c := &m.view.stats
	return Stats{c.requests.Load(), c.retries.Load(), c.fetched.Load(), c.served.Load(), c.hits.Load()}
}
