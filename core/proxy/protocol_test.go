package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// raw is an upstream that answers every connection's first request with these bytes.
func raw(t testing.TB, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.WriteString(c, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// speak sends bytes as they are to the route and returns all that comes back.
func (b *bench) speak(t testing.TB, bytes string) string {
	t.Helper()
	c, err := net.Dial("tcp", b.at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, strings.ReplaceAll(bytes, "HOST", b.routes[0].authorities()[0])); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(c) // a reset ends it too
	return string(answer)
}

// What is not a header or a body of one request and one final answer passes no policy, so it
// must not pass.
func TestNothingPassesBesideThePolicy(t *testing.T) {
	const last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
	for name, tc := range map[string]struct{ request, answer, leak string }{
		"an interim response":        {"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: leak\r\n\r\n" + last, "leak"},
		"a continue with headers":    {"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", "HTTP/1.1 100 Continue\r\nX-A: leak\r\n\r\n" + last, "leak"},
		"a switch of protocols":      {"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nleak", "leak"},
		"trailers of a response":     {"GET / HTTP/1.1\r\nHost: HOST\r\nTE: trailers\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX-A: leak\r\n\r\n", "leak"},
		"a second answer":            {"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", strings.Replace(last, "Connection: close\r\n", "", 1) + strings.Replace(last, "ok", "leak", 1), "leak"},
		"a tunnel":                   {"CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nleak", "leak"},
		"a reason of the upstream's": {"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", strings.Replace(last, "OK", "leak", 1), "leak"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, routeOf(t, outbound(raw(t, tc.answer)), everything), nil).open(t)
			if got := b.speak(t, tc.request); strings.Contains(got, tc.leak) {
				t.Errorf("passed: %q", got)
			}
		})
	}
}

func TestRequestsThatTwoReadersSplitDifferently(t *testing.T) {
	var seen atomic.Int64
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) { seen.Add(1) })
	b := start(t, routeOf(t, outbound(at), `on_request_headers if input.request.path == "/ok"

on_request_body := true

on_response_headers := true

on_response_body := true`), nil).open(t)
	for name, request := range map[string]string{
		"two lengths":            "POST /ok HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcd",
		"a length and chunks":    "POST /ok HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: HOST\r\n\r\n",
		"an unknown encoding":    "POST /ok HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
		"two hosts":              "GET /ok HTTP/1.1\r\nHost: HOST\r\nHost: other.demo\r\nConnection: close\r\n\r\n",
		"an absolute other host": "GET http://other.demo/ok HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
		"no host":                "GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n",
		"an old version":         "GET /ok HTTP/1.0\r\nHost: HOST\r\n\r\n",
		"a path with spaces":     "GET /ok /hidden HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			before := seen.Load()
			if got := b.speak(t, request); strings.HasPrefix(got, "HTTP/1.1 200") || seen.Load() > before {
				t.Errorf("answered %q; reached the upstream: %v", got, seen.Load() > before)
			}
		})
	}
}

func TestHTTP2(t *testing.T) {
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %v", r.Proto, r.Trailer)
	})
	b := start(t, routeOf(t, outbound(at), everything), nil).open(t)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: &protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", b.at)
	}}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(mustRequest(t, b, "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.ProtoMajor != 2 || resp.StatusCode != 200 || string(body) != "HTTP/1.1 map[]" {
		t.Errorf("HTTP/2 answers %s %d %s", resp.Proto, resp.StatusCode, body)
	}
	req := mustRequest(t, b, "/")
	req.Method, req.Body, req.Trailer = "POST", io.NopCloser(strings.NewReader("x")), http.Header{"X-Secret": {"1"}}
	resp, err = client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 400 || resp.Header.Get(refusedHeader) != "trailers" {
		t.Errorf("a request with trailers answers %d by %q", resp.StatusCode, resp.Header.Get(refusedHeader))
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(hello)) // certifies example.com
	defer s.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	route := func(serverName string, ca []byte) Route {
		o := outbound(s.Listener.Addr().String())
		o.TLS = &v1.RouteTLS{CA: string(ca), ServerName: serverName}
		return routeOf(t, o, everything)
	}
	get := func(b *bench, sni string) (*http.Response, error) {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(b.CA()) {
			t.Fatal("the proxy has no CA")
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: sni},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", b.at)
			}}}
		defer client.CloseIdleConnections()
		return client.Get("https://" + b.routes[0].authorities()[0] + "/")
	}
	b := start(t, route("example.com", ca), nil).open(t)
	resp, err := get(b, "api.demo")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(body) != "hello" {
		t.Errorf("TLS answers %d %s", resp.StatusCode, body)
	}
	if _, err := get(b, "other.demo"); err == nil {
		t.Error("another SNI was served")
	}
	if got := b.speak(t, "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"); got != "" {
		t.Errorf("a TLS route answers in clear: %q", got)
	}
	foreign, _, err := roomCA(b.routes)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Route{"another name": route("example.net", ca), "another CA": route("example.com", foreign)} {
		t.Run("an upstream with "+name+" is refused", func(t *testing.T) {
			b := start(t, r, nil).open(t)
			resp, err := get(b, "api.demo")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != 503 {
				t.Errorf("answers %d, want 503", resp.StatusCode)
			}
		})
	}
}

func TestBodiesAtTheLimit(t *testing.T) {
	const limit = 256 << 10
	_, at := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	})
	o := outbound(at)
	o.MaxBody, o.MaxBytesOut = limit, 16<<20
	b := start(t, routeOf(t, o, everything), nil).open(t)
	for size, want := range map[int]int{1: 200, 65535: 200, limit - 1: 200, limit: 200, limit + 1: 413, 4 * limit: 413} {
		body := bytes.Repeat([]byte("x"), size)
		status, answer, _ := b.ask(t, "POST", "/", body)
		if status != want || (want == 200 && answer != string(body)) {
			t.Errorf("a body of %d answers %d with %d bytes, want %d", size, status, len(answer), want)
		}
	}
}
