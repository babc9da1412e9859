// Package proxy is the application's only way to the outside: a DNS stub that knows
// the declared names, Envoy inside the application's network namespace, a filter
// that asks the parties' policy of every request and response, and one dialer a
// route that reaches the declared destination and nothing else. It never lets a
// message by that policy did not allow, never dials before its route was opened, and
// never resolves a name for the application.
//
// The core holds everything but Envoy outside the namespace. Envoy has no network
// either: its clusters are Unix sockets of the dialers. A lock is held only for
// fields beside it, never across a call.
package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

// Places inside the application's network namespace, for core/firewall.
const (
	EnvoyPort = 15001 // TCP to a Synthetic address is redirected here
	SinkPort  = 15002 // all other TCP: refused and recorded
	DNSPort   = 15053 // UDP to port 53
)

// DNSAddr is the resolver that the application is told; the packet filter redirects
// what is sent to it. It is an address of lo.
const DNSAddr = "100.64.0.1"

// Operations of core/governance whose permits are checked here. The constants are
// its own; the import arrows point the other way.
const (
	opRoomOpen  = "room.open"
	opAPIEgress = "api.egress"
)

// Network is the application's network namespace.
type Network interface {
	Listen(network, addr string) (net.Listener, error)
	ListenPacket(network, addr string) (net.PacketConn, error)
	Path() string // where it is bound; "" is the caller's own, in tests
}

// Config is all that a proxy needs. There are no defaults.
type Config struct {
	Room       string // the permit's subject
	Net        Network
	EnvoyPath  string // its digest is the caller's to check
	Dir        string // in memory of the room; made if missing; emptied by Close
	Routes     []Route
	UID        uint32         // Envoy's own; not 0
	Simulated  bool           // said in the log alone: the proxy has no weaker mode
	Log        *slog.Logger   // no bodies, no headers
	OnDecision func(Decision) // called before the answer goes out; may be nil

	layout layout // tests only
}

// layout is where things are inside the namespace.
type layout struct {
	envoy netip.AddrPort
	sink  []string
	dns   []string
	base  netip.Addr // the first synthetic address
	plain bool       // without the filter, for the benchmark
}

func standard() layout {
	both := func(port int) []string {
		p := strconv.Itoa(port)
		// Never the wildcard address: an answer from another one is dropped.
		return []string{net.JoinHostPort("127.0.0.1", p), net.JoinHostPort("::1", p)}
	}
	return layout{
		envoy: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), EnvoyPort),
		sink:  both(SinkPort), dns: both(DNSPort), base: Synthetic.Addr().Next(),
	}
}

// Proxy is a running one. Its methods may be called concurrently.
type Proxy struct {
	dir     string
	routes  []*plannedRoute
	dialers map[string]*dialer
	journal *journal
	log     *slog.Logger
	ca      []byte
	envoy   *envoy // nil without routes
	stops   []func()

	done      chan struct{}
	closeOnce sync.Once
	closing   chan struct{}
}

// Start brings everything up with every route shut. It returns when connections
// of the application are accepted. Errors: Invalid for a wrong route, Tampered for a
// policy bundle that is not the declared one, Unavailable when Envoy does not start.
func Start(ctx context.Context, p permit.Permit, c Config) (*Proxy, error) {
	const op = "proxy.start"
	if err := p.Check(opRoomOpen, c.Room); err != nil {
		return nil, err
	}
	if c.Net == nil || c.EnvoyPath == "" || c.Dir == "" || c.UID == 0 || c.Log == nil {
		return nil, fault.New(fault.Invalid, op, "network, Envoy, folder, uid and log are required")
	}
	if c.layout.base == (netip.Addr{}) {
		c.layout = standard()
	}
	routes, err := plan(c.Routes, c.layout.base)
	if err != nil {
		return nil, err
	}
	x := &Proxy{
		dir: c.Dir, routes: routes, dialers: map[string]*dialer{}, journal: newJournal(c.OnDecision), log: c.Log,
		done: make(chan struct{}), closing: make(chan struct{}),
	}
	for _, r := range routes {
		x.dialers[r.Name] = newDialer(r, c.Dir, c.UID)
	}
	if err := x.start(ctx, c); err != nil {
		return nil, errors.Join(fault.Wrap(op, err), x.Close())
	}
	c.Log.Info("proxy started", "routes", len(routes), "simulated", c.Simulated)
	return x, nil
}

func (x *Proxy) start(ctx context.Context, c Config) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fault.New(fault.Internal, "proxy.dir", "%w", err)
	}
	if err := x.refuseAll(c); err != nil {
		return err
	}
	if err := x.answerNames(c); err != nil {
		return err
	}
	if len(x.routes) == 0 {
		return nil // nothing listens for them, so nothing connects
	}
	// Envoy may pass through and nothing more: it makes and lists no file.
	if err := own(c.Dir, os.Geteuid(), c.UID, 0o710); err != nil {
		return err
	}
	if err := x.serveEnvoy(c); err != nil {
		return err
	}
	return x.runEnvoy(ctx, c)
}

func (x *Proxy) refuseAll(c Config) error {
	for _, a := range c.layout.sink {
		l, err := c.Net.Listen("tcp", a)
		if noIPv6(err) {
			continue
		}
		if err != nil {
			return fault.New(fault.Internal, "proxy.sink", "%w", err)
		}
		x.later(func() { l.Close() })
		go refuse(l, x.journal)
	}
	return nil
}

func (x *Proxy) answerNames(c Config) error {
	s := newStub(x.routes, x.journal)
	for _, a := range c.layout.dns {
		conn, err := c.Net.ListenPacket("udp", a)
		if noIPv6(err) {
			continue
		}
		if err != nil {
			return fault.New(fault.Internal, "proxy.dns", "%w", err)
		}
		x.later(func() { conn.Close() })
		s.serve(conn)
	}
	return nil
}

// noIPv6 says that the kernel has no IPv6. What then is not listened for cannot be
// connected to either.
func noIPv6(err error) bool {
	return errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// serveEnvoy opens the sockets that Envoy's configuration names, but for the routes'.
func (x *Proxy) serveEnvoy(c Config) error {
	unrouted, err := listenUnix(filepath.Join(c.Dir, lostSocket), c.UID)
	if err != nil {
		return err
	}
	x.later(func() { unrouted.Close() })
	go lost(unrouted, c.UID, x.journal)
	l, err := listenUnix(filepath.Join(c.Dir, filterSocket), c.UID)
	if err != nil {
		return err
	}
	f := &filter{routes: map[string]*plannedRoute{}, open: func(r string) bool { return x.dialers[r].isOpen() }, journal: x.journal}
	for _, r := range x.routes {
		f.routes[r.Name] = r
	}
	x.later(f.serve(peers{l, c.UID}))
	return nil
}

func (x *Proxy) runEnvoy(ctx context.Context, c Config) error {
	const op = "proxy.envoy"
	ca, certs, err := roomCA(x.routes)
	if err != nil {
		return err
	}
	x.ca = ca
	config, err := envoyConfig{listen: c.layout.envoy, dir: c.Dir, routes: x.routes, certs: certs, plain: c.layout.plain}.write()
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	path := filepath.Join(c.Dir, "envoy.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	if err := own(path, int(c.UID), c.UID, 0o400); err != nil {
		return err
	}
	binary, err := os.Open(c.EnvoyPath)
	if err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	defer binary.Close()
	if x.envoy, err = startEnvoy(binary, c.Net.Path(), c.Dir, path, c.UID); err != nil {
		return err
	}
	x.later(x.envoy.stop)
	if err := x.envoy.ready(ctx, c.layout.envoy, c.UID); err != nil {
		return err
	}
	// It has read the file; the keys in it need not lie there any longer.
	if err := os.Remove(path); err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	go x.watch()
	return nil
}

// watch shuts every route as soon as Envoy is gone.
func (x *Proxy) watch() {
	<-x.envoy.done
	select {
	case <-x.closing:
		return
	default:
	}
	x.CloseAll()
	x.log.Error("proxy ended unexpectedly")
	close(x.done)
}

// OpenRoute lets the route reach its destination. It refuses without a permit for
// it, for a route that is not declared, and after CloseAll.
func (x *Proxy) OpenRoute(_ context.Context, p permit.Permit, route string) error {
	const op = "proxy.open"
	if err := p.Check(opAPIEgress, route); err != nil {
		return err
	}
	d, ok := x.dialers[route]
	if !ok {
		return fault.New(fault.NotFound, op, "%s: is not a declared route", route)
	}
	return fault.Wrap(op, d.open())
}

// CloseAll ends every connection of every route, now and for good: consent was
// withdrawn.
func (x *Proxy) CloseAll() {
	for _, d := range x.dialers {
		d.close()
	}
}

// Attempts are what the application tried to reach and could not; at most 256 different ones.
func (x *Proxy) Attempts() []Attempt { a, _, _ := x.journal.lists(); return a }

// Decisions are the first 256 answers about messages, in order.
func (x *Proxy) Decisions() []Decision { _, d, _ := x.journal.lists(); return d }

// Dropped is how many attempts and decisions were not kept.
func (x *Proxy) Dropped() uint64 { _, _, n := x.journal.lists(); return n }

// Uses says by route what was used of its budget.
func (x *Proxy) Uses() map[string]Use {
	out := map[string]Use{}
	for _, r := range x.routes {
		out[r.Name] = r.budget.use()
	}
	return out
}

// CA is the PEM of the certificate authority that the application must trust for
// its TLS routes; nil when there are none.
func (x *Proxy) CA() []byte { return append([]byte(nil), x.ca...) }

// Done closes when Envoy ended without being asked to.
func (x *Proxy) Done() <-chan struct{} { return x.done }

// Err is why Done closed: Unavailable; nil before.
func (x *Proxy) Err() error {
	select {
	case <-x.done:
		return fault.New(fault.Unavailable, "proxy.envoy", "ended: %v", x.envoy.err)
	default:
		return nil
	}
}

// Close ends everything and empties the folder. It may be called more than once.
func (x *Proxy) Close() error {
	var err error
	x.closeOnce.Do(func() {
		close(x.closing)
		x.CloseAll()
		for i := len(x.stops) - 1; i >= 0; i-- {
			x.stops[i]()
		}
		if rm := os.RemoveAll(x.dir); rm != nil {
			err = fault.New(fault.Internal, "proxy.close", "%w", rm)
		}
	})
	return err
}

func (x *Proxy) later(stop func()) { x.stops = append(x.stops, stop) }

// own gives a file its owner, where we may, and its mode.
func own(path string, uid int, gid uint32, mode os.FileMode) error {
	err := os.Chmod(path, mode)
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(path, uid, int(gid))
	}
	if err != nil {
		return fault.New(fault.Internal, "proxy.dir", "%w", err)
	}
	return nil
}
