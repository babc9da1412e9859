package proxy

import (
	"bytes"
	"context"
	"encoding/pem"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"

	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

var update = flag.Bool("update", false, "write golden files")

var discard = slog.New(slog.DiscardHandler)

// loopback is a Network without a namespace: the packet filter is missing, so a test
// connects to a route's own address.
type loopback struct{}

func (loopback) Listen(network, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), network, addr)
}
func (loopback) ListenPacket(network, addr string) (net.PacketConn, error) {
	return net.ListenPacket(network, addr)
}
func (loopback) Path() string { return "" }

// shortDir is a folder that any uid may pass and whose name leaves room for a
// socket's (108 bytes, unix(7)).
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "px")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "p")
}

func freePort(t testing.TB, host string) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func testUID() uint32 {
	if uid := os.Geteuid(); uid != 0 {
		return uint32(uid)
	}
	return 65534
}

const everything = "on_request_headers := true\n\non_request_body := true\n\non_response_headers := true\n\non_response_body := true\n"

// outbound is a route that tests change.
func outbound(destination string) v1.Outbound {
	return v1.Outbound{Name: "api", Host: "api.demo", Port: 80, Destination: destination, MaxBody: 64 << 10, MaxRequests: 1000, MaxBytesOut: 1 << 20}
}

func routeOf(t testing.TB, o v1.Outbound, rego string) Route {
	t.Helper()
	b := mustBundle(t, rego)
	o.Policy = b.Digest()
	return Route{Outbound: o, Bundle: b}
}

// bench is a running proxy with one route on loopback, opened.
type bench struct {
	*Proxy
	at     string // where the application would connect
	config Config
	client *http.Client
}

func start(t testing.TB, r Route, change func(*Config)) *bench {
	t.Helper()
	path := needs.Envoy(t)
	const host = "127.18.0.1"
	at := netip.AddrPortFrom(netip.MustParseAddr(host), freePort(t, host))
	r.Port = at.Port()
	c := Config{
		Room: "room", Net: loopback{}, EnvoyPath: path, Dir: shortDir(t), Routes: []Route{r}, UID: testUID(),
		Log:    discard,
		layout: layout{envoy: at, sink: []string{"127.0.0.1:0"}, dns: []string{"127.0.0.1:0"}, base: at.Addr()},
	}
	if change != nil {
		change(&c)
	}
	p, end := permit.Issue(opRoomOpen, "room")
	defer end()
	x, err := Start(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{Proxy: x, at: at.String(), config: c}
	b.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", b.at)
		},
	}}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

func (b *bench) open(t testing.TB) *bench {
	t.Helper()
	p, end := permit.Issue(opAPIEgress, "api")
	defer end()
	if err := b.OpenRoute(t.Context(), p, "api"); err != nil {
		t.Fatal(err)
	}
	return b
}

// ask sends one request to the route and returns the answer.
func (b *bench) ask(t testing.TB, method, path string, body []byte, headers ...string) (int, string, http.Header) {
	t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.routes[0].authorities()[0]+path, r)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer), resp.Header
}

// upstream is a declared destination that counts what reaches it.
func upstream(t testing.TB, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, s.Listener.Addr().String()
}

func mustRequest(t testing.TB, b *bench, path string, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+b.routes[0].authorities()[0]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = []string{headers[i+1]}
	}
	return req
}

func osUID() int { return os.Geteuid() }

// selfSigned is a certificate that no one else uses.
func selfSigned(t testing.TB) string {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}
