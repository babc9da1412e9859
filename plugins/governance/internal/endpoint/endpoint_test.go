package endpoint_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/governance/internal/endpoint"
)

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		url, ca string
		bare    bool
		field   string
	}{
		"no url is refused":                    {"", "", false, "url"},
		"another scheme is refused":            {"ftp://b", "", false, "url"},
		"no host is refused":                   {"http://", "", false, "url"},
		"a user is refused":                    {"http://me@b", "", false, "url"},
		"a fragment is refused":                {"http://b#x", "", false, "url"},
		"a path is refused of a bare server":   {"http://b/x", "", true, "url"},
		"a query is refused of a bare server":  {"http://b?x", "", true, "url"},
		"https without CA is refused":          {"https://b", "", false, "ca"},
		"a CA without https is refused":        {"http://b", "x", false, "ca"},
		"a CA that is no PEM is refused":       {"https://b", "x", false, "ca"},
		"plain http is a form":                 {"http://127.0.0.1:1/events?x=1", "", false, ""},
		"a bare server with a slash is a form": {"http://127.0.0.1:1/", "", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			vs := endpoint.Check(tc.url, tc.ca, tc.bare)
			if tc.field == "" && len(vs) == 0 {
				return
			}
			if tc.field == "" || len(vs) == 0 || vs[0].Field != tc.field {
				t.Errorf("Check(%q, %q, %v) = %v, want %q", tc.url, tc.ca, tc.bare, vs, tc.field)
			}
		})
	}
}

func send(t *testing.T, c endpoint.Client) (int, error) {
	t.Helper()
	status, _, err := c.Send(t.Context(), "test", http.MethodPost, "", nil)
	return status, err
}

func TestHTTPOnlyInSimulation(t *testing.T) {
	if _, err := endpoint.New("http://b", "", false, time.Minute); sdk.KindOf(err) != sdk.Invalid || err == nil {
		t.Errorf("New with http outside simulation = %v, want Invalid", err)
	}
	if _, err := endpoint.New("http://b", "", true, time.Minute); err != nil {
		t.Errorf("New with http in simulation = %v", err)
	}
	if _, err := send(t, endpoint.Client{}); sdk.KindOf(err) != sdk.Internal || err == nil {
		t.Errorf("Send of the zero value = %v, want Internal", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed = true
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	c, err := endpoint.New(s.URL, "", true, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := send(t, c); got != http.StatusTemporaryRedirect || err != nil || followed {
		t.Errorf("Send = %d, %v, followed: %v", got, err, followed)
	}
}

func TestNoWholeAnswerIsUnavailable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	}))
	defer half.Close()
	quiet := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the client goes
		<-r.Context().Done()
	}))
	defer quiet.Close()
	long := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("a", 1<<20))
	}))
	defer long.Close()
	for name, tc := range map[string]struct {
		url     string
		timeout time.Duration
		want    sdk.Kind
	}{
		"nobody is there":       {"http://" + l.Addr().String(), time.Minute, sdk.Unavailable},
		"half an answer":        {half.URL, time.Minute, sdk.Unavailable},
		"no answer in time":     {quiet.URL, 50 * time.Millisecond, sdk.Unavailable},
		"an answer without end": {long.URL, time.Minute, sdk.Denied},
	} {
		c, err := endpoint.New(tc.url, "", true, tc.timeout)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := send(t, c); err == nil || sdk.KindOf(err) != tc.want {
			t.Errorf("%s: Send = %v, want kind %s", name, err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := endpoint.New(quiet.URL, "", true, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Send(ctx, "test", http.MethodPost, "", nil); err == nil {
		t.Errorf("Send with an ended context passes")
	}
}

func TestPinnedCA(t *testing.T) {
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	s := httptest.NewTLSServer(ok)
	defer s.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewUnstartedServer(ok)
	other.Config.ErrorLog = log.New(io.Discard, "", 0)
	other.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	other.StartTLS()
	defer other.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	for name, tc := range map[string]struct {
		url string
		bad bool
	}{"the pinned server is asked": {s.URL, false}, "another server's word is refused": {other.URL, true}} {
		t.Run(name, func(t *testing.T) {
			c, err := endpoint.New(tc.url, ca, false, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := send(t, c); (err != nil) != tc.bad || tc.bad && sdk.KindOf(err) != sdk.Denied {
				t.Errorf("Send = %v", err)
			}
		})
	}
}
