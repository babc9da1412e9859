package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

const picky = `on_request_headers := {"allowed": true, "context": {"tag": "seen"}} if input.request.path in {"/v1/ok", "/v1/echo", "/v1/secret", "/v1/big", "/v1/gone"}

on_request_body if input.request.body.json.good == true

on_response_headers if input.response.status == 200

on_response_body if {
	input.context.tag == "seen"
	not input.response.body.json.patients
}
`

func TestThroughEnvoy(t *testing.T) {
	var reached atomic.Int64
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/secret":
			fmt.Fprint(w, `{"patients":["Ann"]}`)
		case "/v1/echo":
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		case "/v1/big":
			fmt.Fprintf(w, `"%s"`, strings.Repeat("x", 64<<10))
		case "/v1/gone":
			w.WriteHeader(http.StatusGone)
		default:
			fmt.Fprintf(w, `{"host":%q,"encoding":%q,"forwarded":%q,"envoy":%q}`, r.Host, r.Header.Get("Accept-Encoding"), r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Envoy-Expected-Rq-Timeout-Ms"))
		}
	})
	b := start(t, routeOf(t, outbound(at), picky), nil)

	if status, body, h := b.ask(t, "GET", "/v1/ok", nil); status != 503 || h.Get("X-Cleanroom-Refused") != "route.closed" || reached.Load() != 0 {
		t.Fatalf("a route that was not opened answers %d %s %v", status, body, h)
	}
	b.open(t)
	host := b.routes[0].authorities()[0]
	status, body, _ := b.ask(t, "GET", "/v1/ok", nil)
	if want := fmt.Sprintf(`{"host":%q,"encoding":"","forwarded":"","envoy":""}`, host); status != 200 || body != want {
		t.Fatalf("an allowed request answers %d %s, want %s", status, body, want)
	}
	type headers = []string
	for name, tc := range map[string]struct {
		method, path, body string
		headers            headers
		status             int
		rule               string // of the refusal
		reaches            bool   // the upstream
	}{
		"a path that policy does not know is refused":      {"GET", "/v2", "", nil, 403, "policy.on_request_headers", false},
		"a path is normalised before policy sees it":       {"GET", "/x/../v1/./ok", "", nil, 200, "", true},
		"slashes are merged before policy sees them":       {"GET", "//v1//ok", "", nil, 200, "", true},
		"an escaped slash is refused by Envoy":             {"GET", "/v1%2fok", "", nil, 400, "", false},
		"an escaped letter is written out first":           {"GET", "/v1/%6fk", "", nil, 200, "", true},
		"an escaped percent sign is refused":               {"GET", "/v1/%256fk", "", nil, 400, "input", false},
		"another host is refused":                          {"GET", "/v1/ok", "", headers{"Host", "other.demo"}, 403, "host", false},
		"the host without its port is refused":             {"GET", "/v1/ok", "", headers{"Host", "api.demo"}, 403, "host", false},
		"the host in upper case is the same":               {"GET", "/v1/ok", "", headers{"Host", strings.ToUpper(host)}, 200, "", true},
		"a header for Envoy is taken away":                 {"GET", "/v1/ok", "", headers{"X-Envoy-Expected-Rq-Timeout-Ms", "5"}, 200, "", true},
		"an upgrade is refused":                            {"GET", "/v1/ok", "", headers{"Connection", "Upgrade", "Upgrade", "websocket"}, 403, "", false},
		"a body that policy likes passes":                  {"POST", "/v1/echo", `{"good":true}`, headers{"Content-Type", "application/json"}, 200, "", true},
		"a body that policy dislikes is refused":           {"POST", "/v1/echo", `{"good":false}`, headers{"Content-Type", "application/json"}, 403, "policy.on_request_body", false},
		"a body with a duplicate key is refused":           {"POST", "/v1/echo", `{"good":false,"good":true}`, headers{"Content-Type", "application/json"}, 400, "input", false},
		"a compressed body is refused":                     {"POST", "/v1/echo", `{"good":true}`, headers{"Content-Type", "application/json", "Content-Encoding", "gzip"}, 400, "input", false},
		"a body over the route's limit is refused":         {"POST", "/v1/echo", strings.Repeat("x", 64<<10+1), nil, 413, "body.size", false},
		"a body far over the route's limit is refused":     {"POST", "/v1/echo", strings.Repeat("x", 1<<20), nil, 413, "", false},
		"an answer that policy dislikes is refused":        {"GET", "/v1/secret", "", nil, 403, "policy.on_response_body", true},
		"an answer over the route's limit is refused":      {"GET", "/v1/big", "", nil, 502, "body.size", true},
		"an answer whose status policy refuses is refused": {"GET", "/v1/gone", "", nil, 403, "policy.on_response_headers", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := reached.Load()
			var body []byte
			if tc.body != "" {
				body = []byte(tc.body)
			}
			status, answer, h := b.ask(t, tc.method, tc.path, body, tc.headers...)
			if status != tc.status || h.Get("X-Cleanroom-Refused") != tc.rule {
				t.Errorf("%s %s answers %d by rule %q (%.200s), want %d by %q", tc.method, tc.path, status, h.Get("X-Cleanroom-Refused"), answer, tc.status, tc.rule)
			}
			if status == 200 && strings.Contains(answer, `"envoy":"5"`) {
				t.Errorf("the application's header steered Envoy: %s", answer)
			}
			if got := reached.Load() > before; got != tc.reaches {
				t.Errorf("%s %s reached the upstream: %v, want %v", tc.method, tc.path, got, tc.reaches)
			}
			if strings.Contains(answer, "Ann") {
				t.Errorf("the refused answer leaks: %s", answer)
			}
		})
	}
	if _, err := b.client.Do(mustRequest(t, b, "/v1/ok", "x_y", "1")); err == nil {
		t.Error("a header name with an underscore was let through")
	}
	for _, a := range b.Attempts() {
		if a.Kind == AttemptHTTP && a.Destination == "other.demo" {
			return
		}
	}
	t.Errorf("the other host is not among the attempts: %v", b.Attempts())
}
