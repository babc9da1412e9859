package sandbox

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const opNetwork = "sandbox.network"

// Network is a network namespace without any device but lo: nothing in it can
// reach anything outside, whatever its rules say. What the core offers inside,
// it offers by sockets that it opens there and holds here.
// Methods may be called concurrently.
type Network struct {
	path string

	mu sync.Mutex
	ns *os.File // nil after Close
}

// NewNetwork makes a network namespace and binds it at path, a file that must
// not exist. Its lo is still down and without addresses, so that no socket in
// it can connect to anything before core/firewall has put its rules and called Up.
func NewNetwork(path string) (*Network, error) {
	at, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o600)
	if err != nil {
		return nil, fault.New(fault.Internal, opNetwork, "%w", err)
	}
	at.Close()
	n := &Network{path: path}
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fault.New(fault.Unavailable, opNetwork, "unshare (CAP_SYS_ADMIN is needed): %w", err)
		}
		if n.ns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return fault.New(fault.Internal, opNetwork, "%w", err)
		}
		if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
			return fault.New(fault.Internal, opNetwork, "binding the namespace at %s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		if n.ns != nil {
			n.ns.Close()
		}
		os.Remove(path)
		return nil, err
	}
	return n, nil
}

// Path is where the namespace is bound, for a runtime.
func (n *Network) Path() string { return n.path }

// Name is the last element of Path.
func (n *Network) Name() string { return filepath.Base(n.path) }

// Do runs fn on a thread that is in the namespace. Sockets that fn opens and
// processes that it starts stay there; goroutines that it starts do not.
func (n *Network) Do(fn func() error) error {
	n.mu.Lock()
	if n.ns == nil {
		n.mu.Unlock()
		return fault.New(fault.Internal, opNetwork, "%s is closed", n.path)
	}
	ns, err := unix.FcntlInt(n.ns.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	n.mu.Unlock()
	if err != nil {
		return fault.New(fault.Internal, opNetwork, "%w", err)
	}
	defer unix.Close(ns)
	return onThread(func() error {
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			return fault.New(fault.Internal, opNetwork, "entering %s: %w", n.path, err)
		}
		return fn()
	})
}

// onThread runs fn on a thread of its own and brings the thread back to its
// network namespace. A thread that cannot come back ends with its goroutine,
// which stays locked to it: nothing else of this process may run in there.
func onThread(fn func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			runtime.UnlockOSThread()
			result <- fault.New(fault.Internal, opNetwork, "%w", err)
			return
		}
		defer unix.Close(home)
		err = fn()
		if back := unix.Setns(home, unix.CLONE_NEWNET); back != nil {
			result <- errors.Join(err, fault.New(fault.Internal, opNetwork, "leaving the namespace: %w", back))
			return
		}
		runtime.UnlockOSThread()
		result <- err
	}()
	return <-result
}

// Listen opens a stream socket inside; network is tcp, tcp4 or tcp6 and addr a
// literal address with a port. Never MPTCP, which Go would choose: SO_ORIGINAL_DST
// is asked of accepted connections.
func (n *Network) Listen(network, addr string) (l net.Listener, err error) {
	if err := literal(addr); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	err = n.Do(func() error {
		// No goroutine and no resolver is involved for a literal address, so the
		// socket is made on this thread.
		l, err = lc.Listen(background, network, addr)
		return err
	})
	return l, fault.Wrap(opNetwork, err)
}

// ListenPacket opens a datagram socket inside, as Listen does.
func (n *Network) ListenPacket(network, addr string) (c net.PacketConn, err error) {
	if err := literal(addr); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	err = n.Do(func() error {
		c, err = lc.ListenPacket(background, network, addr)
		return err
	})
	return c, fault.Wrap(opNetwork, err)
}

func literal(addr string) error {
	if _, err := netip.ParseAddrPort(addr); err != nil {
		return fault.New(fault.Invalid, opNetwork, "%.80q: must be a literal address with a port: %w", addr, err)
	}
	return nil
}

// Start starts cmd inside. With Pdeathsig set it would end when a thread of
// this process does; the room's pid namespace ends it without.
func (n *Network) Start(cmd *exec.Cmd) error { return n.Do(cmd.Start) }

// Close lets go of the namespace. The kernel ends it when nothing is left
// inside: processes and sockets there are their owners' to close.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ns == nil {
		return nil
	}
	err := errors.Join(unix.Unmount(n.path, unix.MNT_DETACH), os.Remove(n.path), n.ns.Close())
	n.ns = nil
	if err != nil {
		return fault.New(fault.Internal, opNetwork, "closing %s: %w", n.path, err)
	}
	return nil
}
