package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/firewall"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

const (
	room     = "room-1"
	patience = 30 * time.Second
	envoyUID = 64000
)

// inside is what an application in the namespace can do.
type inside struct{ net *sandbox.Network }

func (i inside) dial(ctx context.Context, network, addr string) (c net.Conn, err error) {
	return c, errors.Join(i.net.Do(func() error {
		c, err = (&net.Dialer{Timeout: patience}).DialContext(ctx, network, addr)
		return nil
	}), err)
}

func (i inside) lookup(t *testing.T, name string, qtype uint16) *dns.Msg {
	t.Helper()
	c, err := i.dial(t.Context(), "udp", net.JoinHostPort(proxy.DNSAddr, "53"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, _, err := (&dns.Client{Timeout: patience}).ExchangeWithConn(new(dns.Msg).SetQuestion(name, qtype), &dns.Conn{Conn: c})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func fenced(t *testing.T) inside {
	t.Helper()
	needs.Root(t)
	needs.Program(t, "iptables")
	n, err := sandbox.NewNetwork(filepath.Join(t.TempDir(), "app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	v6, err := sandbox.IPv6()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := firewall.Plan(firewall.Config{Routes: proxy.Synthetic, ProxyPort: proxy.EnvoyPort, RefusePort: proxy.SinkPort, DNSPort: proxy.DNSPort})
	if err != nil {
		t.Fatal(err)
	}
	p, end := permit.Issue("room.open", room)
	defer end()
	if err := firewall.Apply(t.Context(), p, room, n, rules, v6); err != nil {
		t.Fatal(err)
	}
	return inside{n}
}

func route(t *testing.T, name, host string, port uint16, destination, rego string) proxy.Route {
	t.Helper()
	b, err := proxy.LoadBundle(fstest.MapFS{"policy.rego": {Data: []byte("package ccr.policy\n\n" + rego)}})
	if err != nil {
		t.Fatal(err)
	}
	return proxy.Route{Bundle: b, Outbound: v1.Outbound{
		Name: name, Host: host, Port: port, Destination: destination, Policy: b.Digest(), MaxBody: 1 << 16, MaxRequests: 100, MaxBytesOut: 1 << 20,
	}}
}

func TestInTheNamespace(t *testing.T) {
	app := fenced(t)
	answering := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name+" "+r.Host) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	const allow = "on_request_headers := true\n\non_response_headers := true\n\non_response_body := true\n"
	dir, err := os.MkdirTemp("", "px")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	c := proxy.Config{
		Room: room, Net: app.net, EnvoyPath: needs.Envoy(t), Dir: filepath.Join(dir, "p"), UID: envoyUID, Log: slog.New(slog.DiscardHandler),
		Routes: []proxy.Route{
			route(t, "one", "one.demo", 80, answering("first"), allow),
			route(t, "two", "two.demo", 80, answering("second"), allow),
			route(t, "shut", "two.demo", 8080, answering("third"), allow),
			route(t, "strict", "strict.demo", 80, answering("fourth"), "on_request_headers := true"),
		},
	}
	p, end := permit.Issue("room.open", room)
	defer end()
	x, err := proxy.Start(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	for _, r := range []string{"one", "two", "strict"} {
		p, end := permit.Issue("api.egress", r)
		if err := x.OpenRoute(t.Context(), p, r); err != nil {
			t.Fatal(err)
		}
		end()
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if a := app.lookup(t, dns.Fqdn(host), dns.TypeA); len(a.Answer) == 1 {
			host = a.Answer[0].(*dns.A).A.String()
		}
		return app.dial(ctx, "tcp4", net.JoinHostPort(host, port))
	}}}
	get := func(url, host string) string {
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := client.Do(req)
		if err != nil {
			return "error"
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("X-Cleanroom-Refused"), " ", string(body[:min(len(body), 20)]))
	}
	for name, tc := range map[string]struct{ url, host, want string }{
		"a declared route answers":                {"http://one.demo/", "", "200  first one.demo"},
		"another one has its own destination":     {"http://two.demo/", "", "200  second two.demo"},
		"a route that was not opened is closed":   {"http://two.demo:8080/", "", "503 route.closed {\"error\":\"refused by"},
		"an answer without policy's yes is none":  {"http://strict.demo/", "", "403 policy.on_response_headers {\"error\":\"refused by"},
		"a route's address serves no other route": {"http://one.demo/", "two.demo", "403 host {\"error\":\"refused by"},
		"a port that is not declared is refused":  {"http://one.demo:81/", "", "error"},
		"the internet is refused":                 {"http://198.51.100.7/", "", "error"},
		"the metadata address is refused":         {"http://169.254.169.254/", "", "error"},
		"Envoy's own port is refused":             {"http://127.0.0.1:15001/", "one.demo", "error"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := get(tc.url, tc.host); got != tc.want {
				t.Errorf("GET %s (%s) = %q, want %q", tc.url, tc.host, got, tc.want)
			}
		})
	}
	if a := app.lookup(t, "evil.example.", dns.TypeA); a.Rcode != dns.RcodeNameError {
		t.Errorf("a name that is not declared: %v", a)
	}
	want := []proxy.Attempt{
		{Kind: "dns", Destination: "evil.example"}, {Kind: "http", Destination: "two.demo"}, {Kind: "tcp", Destination: "198.18.0.1:81"},
		{Kind: "tcp", Destination: "198.51.100.7:80"}, {Kind: "tcp", Destination: "169.254.169.254:80"}, {Kind: "tcp", Destination: "127.0.0.1:15001"},
	}
	deadline := time.Now().Add(patience)
	for _, w := range want {
		for !slices.ContainsFunc(x.Attempts(), func(a proxy.Attempt) bool { return a.Kind == w.Kind && a.Destination == w.Destination }) {
			if time.Now().After(deadline) {
				t.Fatalf("%v is not among the attempts %v", w, x.Attempts())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	nothingAbstract(t, app)
	t.Run("IPv6 is refused and recorded", func(t *testing.T) {
		if v6, err := sandbox.IPv6(); err != nil || !v6 {
			t.Skip("this kernel has no IPv6")
		}
		if c, err := app.dial(t.Context(), "tcp6", "[2001:db8::7]:443"); err == nil {
			c.Close()
		}
		for !slices.ContainsFunc(x.Attempts(), func(a proxy.Attempt) bool { return a.Destination == "[2001:db8::7]:443" }) {
			if time.Now().After(deadline) {
				t.Fatalf("not among the attempts %v", x.Attempts())
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// nothingAbstract finds no abstract Unix socket in the namespace: by one an
// application could take Envoy's listeners over.
func nothingAbstract(t *testing.T, app inside) {
	t.Helper()
	err := app.net.Do(func() error {
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/net/unix", unix.Gettid()))
		if err != nil {
			return err
		}
		for line := range slices.Values(splitLines(b)) {
			if slices.Contains([]byte(line), '@') {
				t.Errorf("an abstract socket: %s", line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func splitLines(b []byte) (out []string) {
	for len(b) > 0 {
		i := slices.Index(b, '\n')
		if i < 0 {
			return append(out, string(b))
		}
		out, b = append(out, string(b[:i])), b[i+1:]
	}
	return out
}
