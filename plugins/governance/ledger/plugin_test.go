package main

import (
	"context"
	"crypto/ed25519"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

func configured(t *testing.T, url string) *backend {
	t.Helper()
	p := new(backend)
	if err := p.Configure(t.Context(), sdk.Setup{Instance: "l", Config: []byte(`{"url":"` + url + `"}`), Simulated: true}); err != nil {
		t.Fatalf("Configure = %v", err)
	}
	return p
}

// service is the real one, with one party and an agreed contract.
type service struct {
	server   *httptest.Server
	key      ed25519.PublicKey
	contract digest.SHA256
	switchTo func(operation string, on bool) error
}

func newService(t *testing.T) service {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "service")
	if err := governance.Init(dir, []api.Party{{Name: "north", Key: pub}}); err != nil {
		t.Fatal(err)
	}
	s, err := governance.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() { srv.Close(); _ = s.Close(context.Background()) })
	c, err := client.New(srv.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	north := client.Party{Name: "north", Key: key}
	d, err := c.Propose(t.Context(), north, []byte("{}"), []byte("policy"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Vote(t.Context(), north, d, true); err != nil {
		t.Fatal(err)
	}
	return service{srv, s.Info().Key, d, func(op string, on bool) error { return c.Switch(t.Context(), north, d, on, op) }}
}

// TestKit: the plugin and the real service together keep the rules of a signing backend.
func TestKit(t *testing.T) {
	w := newService(t)
	p := configured(t, w.server.URL+"/")
	for name, test := range governancetest.Kit() {
		t.Run(name, func(t *testing.T) {
			test(t, governancetest.Subject{Client: p, Key: w.key, Contract: w.contract, Switch: w.switchTo})
		})
	}
}

func TestTheServicesWordIsMapped(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   sdk.Kind
		text   string
	}{
		"a kind is kept":                    {409, `{"kind":"tampered","message":"event 3: has the number 4"}`, sdk.Tampered, "has the number 4"},
		"a service that is closing is away": {503, `{"kind":"unavailable","message":"is closed"}`, sdk.Unavailable, "is closed"},
		"an unknown kind is internal":       {500, `{"kind":"interrupted","message":"x"}`, sdk.Internal, "x"},
		"a strange answer is internal":      {502, `<html>`, sdk.Internal, "502"},
		"a redirect is internal":            {302, ``, sdk.Internal, "302"},
		"another success code is no answer": {201, `{"answer":"YQ==","granted":true,"signature":"cw=="}`, sdk.Internal, "201"},
		"an answer with more is refused":    {200, `{"answer":"YQ==","granted":true,"signature":"cw=="}{}`, sdk.Tampered, "canonical"},
		"an unknown field is refused":       {200, `{"answer":"YQ==","granted":true,"sig":""}`, sdk.Tampered, "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer s.Close()
			a, err := configured(t, s.URL).Consent(t.Context(), &sdk.ConsentRequest{})
			if err == nil || sdk.KindOf(err) != tc.want || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("Consent = %v, %v, want %q (%s)", a, err, tc.text, tc.want)
			}
		})
	}
}

func TestConfigureRefuses(t *testing.T) {
	for name, config := range map[string]string{
		"http outside simulation": `{"url":"http://b"}`,
		"a path":                  `{"url":"https://b/x","ca":"x"}`,
		"an unknown field":        `{"url":"http://b","x":1}`,
		"nothing":                 `{}`,
	} {
		if err := new(backend).Configure(t.Context(), sdk.Setup{Config: []byte(config)}); sdk.KindOf(err) != sdk.Invalid || err == nil {
			t.Errorf("%s: Configure = %v, want Invalid", name, err)
		}
	}
	if vs := new(backend).Validate([]byte(`{"url":1}`)); len(vs) != 1 || vs[0].Field != "url" {
		t.Errorf("Validate = %v", vs)
	}
	if d := new(backend).Describe(); d.Name != "governance/ledger" {
		t.Errorf("Describe = %+v", d)
	}
	if _, err := new(backend).Record(t.Context(), &sdk.RecordRequest{}); err == nil {
		t.Errorf("Record before Configure passes")
	}
}
