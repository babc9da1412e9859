package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing/fstest"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/firewall"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

type proxyJob struct {
	Dir      string // is made
	Envoy    string
	Requests int
}

type proxyTimes struct { // p50 in microseconds
	Filtered float64 `json:"filtered"`
	Plain    float64 `json:"plain"`
	Direct   float64 `json:"direct"`
}

const (
	answer = `{"reference":[1,2,3]}`
	rules  = `package ccr.policy

on_request_headers if input.request.path == "/"

on_response_headers if input.response.status == 200

on_response_body if count(input.response.body.json.reference) == 3
`
	benchUID  = 64901
	routeName = "bench"
)

func runProxy(ctx context.Context, j proxyJob) (t proxyTimes, err error) {
	dir, err := scratch(j.Dir)
	if err != nil {
		return t, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return t, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	})}
	go server.Serve(l)
	defer server.Close()
	at := l.Addr().String()

	var d net.Dialer
	if t.Direct, err = p50(ctx, j.Requests, func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", at) }); err != nil {
		return t, fault.Wrap("direct", err)
	}
	alone, stop, err := plainEnvoy(ctx, j.Envoy, dir, l.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		return t, err
	}
	t.Plain, err = p50(ctx, j.Requests, func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", alone) })
	stop()
	if err != nil {
		return t, fault.Wrap("Envoy alone", err)
	}
	t.Filtered, err = j.filtered(ctx, dir, at)
	return t, err
}

// filtered measures from inside a namespace that is fenced as an application's.
func (j proxyJob) filtered(ctx context.Context, dir, at string) (took float64, err error) {
	g, err := gate()
	if err != nil {
		return 0, err
	}
	app, err := sandbox.NewNetwork(filepath.Join(dir, "netns"))
	if err != nil {
		return 0, err
	}
	defer app.Close()
	bundle, err := proxy.LoadBundle(fstest.MapFS{"policy.rego": {Data: []byte(rules)}})
	if err != nil {
		return 0, err
	}
	var x *proxy.Proxy
	if err := under(ctx, g, governance.RoomOpen, routeName, func(ctx context.Context, p permit.Permit) error {
		if err := fence(ctx, p, app); err != nil {
			return err
		}
		x, err = proxy.Start(ctx, p, proxy.Config{Room: routeName, Net: app, EnvoyPath: j.Envoy, Dir: filepath.Join(dir, "p"), UID: benchUID, Simulated: true, Log: slog.New(slog.DiscardHandler),
			Routes: []proxy.Route{{Bundle: bundle, Outbound: v1.Outbound{Name: routeName, Host: "bench.demo", Port: 80, Destination: at, Policy: bundle.Digest(), MaxBody: 64 << 10, MaxRequests: 1 << 40, MaxBytesOut: 1 << 40}}}})
		return err
	}); err != nil {
		return 0, err
	}
	defer x.Close()
	if err := under(ctx, g, governance.APIEgress, routeName, func(ctx context.Context, p permit.Permit) error { return x.OpenRoute(ctx, p, routeName) }); err != nil {
		return 0, err
	}
	to := netip.AddrPortFrom(proxy.Synthetic.Addr().Next(), 80).String()
	return p50(ctx, j.Requests, func(ctx context.Context) (c net.Conn, err error) {
		return c, errors.Join(app.Do(func() error {
			c, err = (&net.Dialer{}).DialContext(ctx, "tcp4", to)
			return nil
		}), err)
	})
}

func fence(ctx context.Context, p permit.Permit, app *sandbox.Network) error {
	plan, err := firewall.Plan(firewall.Config{Routes: proxy.Synthetic, ProxyPort: proxy.EnvoyPort, RefusePort: proxy.SinkPort, DNSPort: proxy.DNSPort})
	if err != nil {
		return err
	}
	v6, err := sandbox.IPv6()
	if err != nil {
		return err
	}
	return firewall.Apply(ctx, p, routeName, app, plan, v6)
}

// p50 asks for the same page n times on one connection.
func p50(ctx context.Context, n int, dial func(context.Context) (net.Conn, error)) (float64, error) {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}}
	defer client.CloseIdleConnections()
	var took []float64
	for i := range n + n/10 { // the first are not counted: they warm everything up
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://bench.demo/", nil)
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != answer {
			return 0, fmt.Errorf("answers %s %.200q, %v", resp.Status, body, err)
		}
		if i >= n/10 {
			took = append(took, float64(time.Since(begin).Nanoseconds())/1000)
		}
	}
	return median(took), nil
}

// plainEnvoy is Envoy as anybody would set it up: a listener, a router, a cluster.
func plainEnvoy(ctx context.Context, binary, dir string, to netip.AddrPort) (addr string, stop func(), err error) {
	if addr, err = freeAddr(); err != nil {
		return "", nil, err
	}
	own := netip.MustParseAddrPort(addr)
	config := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, plainConfig, strconv.Quote(own.Addr().String()), own.Port(), strconv.Quote(to.Addr().String()), to.Port()), 0o600); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(binary, "--config-path", config, "--disable-hot-restart", "--concurrency", "1", "--log-level", "error")
	p, err := start(cmd)
	if err != nil {
		return "", nil, fault.New(fault.Unavailable, "envoy", "%w", err)
	}
	if err := listening(ctx, addr); err != nil {
		p.stop()
		return "", nil, fault.New(fault.Unavailable, "envoy", "%w", err)
	}
	return addr, p.stop, nil
}

const plainConfig = `{"static_resources": {
  "listeners": [{"name": "in", "address": {"socket_address": {"address": %s, "port_value": %d}}, "filter_chains": [{"filters": [{
    "name": "http", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "stat_prefix": "in",
      "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "out"}}]}]},
      "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}]}],
  "clusters": [{"name": "out", "type": "STATIC", "connect_timeout": "5s", "load_assignment": {"cluster_name": "out", "endpoints": [{"lb_endpoints": [
    {"endpoint": {"address": {"socket_address": {"address": %s, "port_value": %d}}}}]}]}}]}}`
