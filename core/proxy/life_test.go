package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

const patience = 30 * time.Second

// eventually waits for what another process or goroutine is about to do.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %v", what, patience)
		case <-tick.C:
		}
	}
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func TestStartRefuses(t *testing.T) {
	good := func() Config {
		return Config{Room: "room", Net: loopback{}, EnvoyPath: "/nowhere", Dir: shortDir(t), UID: testUID(), Log: discard}
	}
	r := routeOf(t, outbound("127.0.0.1:1"), everything)
	other := r
	other.Bundle = mustBundle(t, "on_request_headers := false")
	noBundle := r
	noBundle.Bundle = nil
	changed := func(f func(*Route)) func(*Config) {
		return func(c *Config) { r := r; f(&r); c.Routes = []Route{r} }
	}
	for name, tc := range map[string]struct {
		subject string
		change  func(*Config)
		want    fault.Kind
	}{
		"another room's permit":               {"other", nil, fault.Denied},
		"no network":                          {"room", func(c *Config) { c.Net = nil }, fault.Invalid},
		"no Envoy named":                      {"room", func(c *Config) { c.EnvoyPath = "" }, fault.Invalid},
		"Envoy as root":                       {"room", func(c *Config) { c.UID = 0 }, fault.Invalid},
		"another bundle than the declared":    {"room", func(c *Config) { c.Routes = []Route{other} }, fault.Tampered},
		"no bundle":                           {"room", func(c *Config) { c.Routes = []Route{noBundle} }, fault.Invalid},
		"the same route twice":                {"room", func(c *Config) { c.Routes = []Route{r, r} }, fault.Invalid},
		"no request allowed":                  {"room", changed(func(r *Route) { r.MaxRequests = 0 }), fault.Invalid},
		"no byte allowed":                     {"room", changed(func(r *Route) { r.MaxBytesOut = 0 }), fault.Invalid},
		"no body size":                        {"room", changed(func(r *Route) { r.MaxBody = 0 }), fault.Invalid},
		"an immense body size":                {"room", changed(func(r *Route) { r.MaxBody = 1 << 40 }), fault.Invalid},
		"a host that is an address":           {"room", changed(func(r *Route) { r.Host = "10.0.0.1" }), fault.Invalid},
		"a host with a wildcard":              {"room", changed(func(r *Route) { r.Host = "*.demo" }), fault.Invalid},
		"a host in upper case":                {"room", changed(func(r *Route) { r.Host = "API.demo" }), fault.Invalid},
		"a destination without a port":        {"room", changed(func(r *Route) { r.Destination = "api.demo" }), fault.Invalid},
		"a destination without a host":        {"room", changed(func(r *Route) { r.Destination = ":80" }), fault.Invalid},
		"a destination that is a Unix socket": {"room", changed(func(r *Route) { r.Destination = "/run/x.sock" }), fault.Invalid},
		"a name that is no label":             {"room", changed(func(r *Route) { r.Name = "../x" }), fault.Invalid},
		"no port":                             {"room", changed(func(r *Route) { r.Port = 0 }), fault.Invalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c := good()
			if tc.change != nil {
				tc.change(&c)
			}
			p, end := permit.Issue(opRoomOpen, tc.subject)
			defer end()
			x, err := Start(t.Context(), p, c)
			if err == nil {
				x.Close()
			}
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("Start = %v, want %v", err, tc.want)
			}
		})
	}
	t.Run("an ended permit is refused", func(t *testing.T) {
		p, end := permit.Issue(opRoomOpen, "room")
		end()
		if _, err := Start(t.Context(), p, good()); fault.KindOf(err) != fault.Denied {
			t.Errorf("Start = %v, want denied", err)
		}
	})
	t.Run("an Envoy that is none is refused and leaves nothing", func(t *testing.T) {
		p, end := permit.Issue(opRoomOpen, "room")
		defer end()
		c := good()
		c.Routes, c.EnvoyPath = []Route{r}, "/bin/false"
		c.layout = layout{envoy: standard().envoy, base: Synthetic.Addr()}
		if _, err := Start(t.Context(), p, c); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("Start = %v, want unavailable", err)
		}
		if _, err := os.Stat(c.Dir); !os.IsNotExist(err) {
			t.Errorf("the folder is still there: %v", err)
		}
	})
}

func TestRoutesOpenByPermitOnly(t *testing.T) {
	_, at := upstream(t, hello)
	b := start(t, routeOf(t, outbound(at), everything), nil)
	wrong, end := permit.Issue(opAPIEgress, "other")
	defer end()
	room, endRoom := permit.Issue(opRoomOpen, "api")
	defer endRoom()
	for name, p := range map[string]permit.Permit{"none": {}, "another route's": wrong, "another operation's": room} {
		if err := b.OpenRoute(t.Context(), p, "api"); fault.KindOf(err) != fault.Denied {
			t.Errorf("OpenRoute with %s permit = %v, want denied", name, err)
		}
	}
	if err := b.OpenRoute(t.Context(), wrong, "other"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("OpenRoute of a route that is not declared = %v", err)
	}
	if status, _, _ := b.ask(t, "GET", "/", nil); status != 503 {
		t.Errorf("an unopened route answers %d, want 503", status)
	}
	b.open(t)
	if status, body, _ := b.ask(t, "GET", "/", nil); status != 200 || body != "hello" {
		t.Errorf("an open route answers %d %s", status, body)
	}
	b.CloseAll()
	if status, _, _ := b.ask(t, "GET", "/", nil); status != 503 {
		t.Errorf("a route answers %d after CloseAll, want 503", status)
	}
	p, endEgress := permit.Issue(opAPIEgress, "api")
	defer endEgress()
	if err := b.OpenRoute(t.Context(), p, "api"); fault.KindOf(err) != fault.Denied {
		t.Errorf("OpenRoute after CloseAll = %v, want denied", err)
	}
}

func TestCloseAllCutsWhatIsUnderWay(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		close(started)
		select {
		case <-release:
			fmt.Fprint(w, "secret")
		case <-r.Context().Done():
		}
	})
	defer close(release)
	b := start(t, routeOf(t, outbound(at), everything), nil).open(t)
	answered := make(chan string, 1)
	go func() {
		resp, err := b.client.Get("http://" + b.routes[0].authorities()[0] + "/")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answered <- resp.Status + string(body)
	}()
	<-started
	b.CloseAll()
	select {
	case a := <-answered:
		if !strings.HasPrefix(a, "50") {
			t.Errorf("the request under way ended with %q", a)
		}
	case <-time.After(patience):
		t.Error("the request under way did not end")
	}
}

func TestBudgets(t *testing.T) {
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, "hello")
	})
	t.Run("requests", func(t *testing.T) {
		o := outbound(at)
		o.MaxRequests = 3
		b := start(t, routeOf(t, o, everything), nil).open(t)
		for i := range 5 {
			want := 200
			if i >= 3 {
				want = 429
			}
			if status, _, h := b.ask(t, "POST", "/", []byte("x")); status != want || (want == 429 && h.Get(refusedHeader) != "budget.requests") {
				t.Errorf("request %d answers %d by %q, want %d", i, status, h.Get(refusedHeader), want)
			}
		}
		if u := b.Uses()["api"]; u.Requests != 3 || u.Refused != 2 || u.BytesOut == 0 || u.BytesIn == 0 {
			t.Errorf("Uses = %+v", u)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		o := outbound(at)
		o.MaxBytesOut = 4096
		b := start(t, routeOf(t, o, everything), nil).open(t)
		if status, _, h := b.ask(t, "POST", "/", make([]byte, 4097)); status != 429 || h.Get(refusedHeader) != "budget.bytes_out" {
			t.Errorf("a body over the budget answers %d by %q", status, h.Get(refusedHeader))
		}
		// The headers tip this one over, which only the dialer can count: it is cut.
		if status, _, _ := b.ask(t, "POST", "/", make([]byte, 4096)); status != 503 && status != 502 {
			t.Errorf("a request over the budget answers %d", status)
		}
		if u := b.Uses()["api"]; u.BytesOut > 4096 {
			t.Errorf("Uses = %+v: more than the budget went out", u)
		}
	})
}

func TestEnvoyKilled(t *testing.T) {
	_, at := upstream(t, hello)
	b := start(t, routeOf(t, outbound(at), everything), nil).open(t)
	if err := b.Err(); err != nil {
		t.Fatalf("Err = %v while all is well", err)
	}
	if err := b.envoy.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.Done():
	case <-time.After(patience):
		t.Fatal("nobody noticed")
	}
	if err := b.Err(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Err = %v, want unavailable", err)
	}
	if b.dialers["api"].isOpen() {
		t.Error("the route is still open")
	}
}

func TestFilterGone(t *testing.T) {
	var reached atomic.Bool
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) { reached.Store(true) })
	b := start(t, routeOf(t, outbound(at), everything), nil).open(t)
	b.stops[len(b.stops)-2]() // of the filter: the last but Envoy
	if status, _, _ := b.ask(t, "GET", "/", nil); status < 500 || reached.Load() {
		t.Errorf("without the filter a request answers %d, upstream reached: %v", status, reached.Load())
	}
}

func TestConnectionsWithoutARoute(t *testing.T) {
	_, at := upstream(t, hello)
	// The route's port is another one than Envoy's, as if the application had asked for a
	// port of the route's address that is not declared.
	r := routeOf(t, outbound(at), everything)
	b := start(t, r, func(c *Config) { c.Routes[0].Port = 81 })
	c, err := net.Dial("tcp", b.at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: api.demo:81\r\n\r\n")
	if _, err := bufio.NewReader(c).ReadByte(); err == nil {
		t.Error("a connection without a route was answered")
	}
	eventually(t, "the attempt is recorded", func() bool {
		return slices.ContainsFunc(b.Attempts(), func(a Attempt) bool { return a.Kind == AttemptTCP && a.Destination == b.at })
	})
}

func TestUpstreamGone(t *testing.T) {
	b := start(t, routeOf(t, outbound("127.0.0.1:1"), "on_request_headers := true"), nil).open(t)
	// Envoy's own answer passes, though policy says yes to no response.
	if status, _, h := b.ask(t, "GET", "/", nil); status != 503 || h.Get(refusedHeader) != "" {
		t.Errorf("an upstream that is gone answers %d by %q", status, h.Get(refusedHeader))
	}
}
