package proxy

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	maxConnections = 32 // live ones of a route
	dialTime       = 10 * time.Second
	chunk          = 32 << 10
)

// dialer is a route's only way out: a Unix socket that leads to the declared
// destination and nowhere else. There is no socket before open and after close.
type dialer struct {
	path, destination string
	uid               uint32
	budget            *budget

	mu       sync.Mutex // guards what follows
	listener net.Listener
	live     map[net.Conn]struct{}
	done     context.CancelFunc
	shut     bool // for good
	wg       sync.WaitGroup
}

func newDialer(r *plannedRoute, dir string, uid uint32) *dialer {
	return &dialer{path: filepath.Join(dir, r.socket), destination: r.Destination, uid: uid, budget: r.budget, live: map[net.Conn]struct{}{}}
}

func (d *dialer) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return fault.New(fault.Denied, "proxy.open", "the proxy is closed for good")
	}
	if d.listener != nil {
		return nil
	}
	l, err := listenUnix(d.path, d.uid)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.listener, d.done = l, cancel
	d.wg.Go(func() { d.accept(ctx, l) })
	return nil
}

func (d *dialer) isOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listener != nil && !d.shut
}

// close ends every connection, now and for good.
func (d *dialer) close() {
	d.mu.Lock()
	d.shut = true
	if d.listener != nil {
		d.listener.Close() // removes the socket too
		d.done()
	}
	for c := range d.live {
		c.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *dialer) accept(ctx context.Context, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !from(c, d.uid) || !d.keep(c) {
			c.Close()
			continue
		}
		d.wg.Go(func() {
			defer d.drop(c)
			d.connect(ctx, c)
		})
	}
}

// keep remembers c so that close can end it. It refuses one too many.
func (d *dialer) keep(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut || len(d.live) >= 2*maxConnections { // each has two ends
		return false
	}
	d.live[c] = struct{}{}
	return true
}

func (d *dialer) drop(c net.Conn) {
	c.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, c)
}

func (d *dialer) connect(ctx context.Context, envoy net.Conn) {
	upstream, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", d.destination)
	if err != nil {
		return // Envoy answers 503; the reason is the network's
	}
	if !d.keep(upstream) {
		upstream.Close()
		return
	}
	defer d.drop(upstream)
	var in sync.WaitGroup
	in.Go(func() {
		relay(envoy, upstream, func(n int) int { d.budget.in(n); return n })
		closeWrite(envoy)
	})
	relay(upstream, envoy, d.budget.out)
	upstream.Close() // Envoy is gone, or the budget: no answer is waited for
	in.Wait()
}

// relay copies until the end. take says how many of n bytes may go on; fewer end it.
func relay(dst io.Writer, src io.Reader, take func(n int) int) {
	buf := make([]byte, chunk)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			allowed := take(n)
			if _, err := dst.Write(buf[:allowed]); err != nil || allowed < n {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func closeWrite(c net.Conn) {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite() // the other end may be gone already
	}
}

// listenUnix makes a socket that uid alone may connect to.
func listenUnix(path string, uid uint32) (net.Listener, error) {
	const op = "proxy.socket"
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	if int(uid) != os.Geteuid() {
		if err := os.Chown(path, int(uid), int(uid)); err != nil {
			l.Close()
			return nil, fault.New(fault.Internal, op, "%w", err)
		}
	}
	return l, nil
}
