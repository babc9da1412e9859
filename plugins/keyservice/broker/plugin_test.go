package main

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct{ config, field string }{
		"https without CA is refused":    {`{"url":"https://b"}`, "ca"},
		"a CA without https is refused":  {`{"url":"http://b","ca":"x"}`, "ca"},
		"a CA that is no PEM is refused": {`{"url":"https://b","ca":"x"}`, "ca"},
		"no url is refused":              {`{}`, "url"},
		"a path is refused":              {`{"url":"http://b/x"}`, "url"},
		"a query is refused":             {`{"url":"http://b?x"}`, "url"},
		"a user is refused":              {`{"url":"http://me@b"}`, "url"},
		"another scheme is refused":      {`{"url":"ftp://b"}`, "url"},
		"no host is refused":             {`{"url":"http://"}`, "url"},
		"an unknown field is refused":    {`{"url":"http://b","x":1}`, "x"},
		"a wrong type is refused":        {`{"url":1}`, "url"},
		"plain http is a form":           {`{"url":"http://127.0.0.1:1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			vs := new(plugin).Validate([]byte(tc.config))
			if tc.field == "" && len(vs) == 0 {
				return
			}
			if tc.field == "" || len(vs) == 0 || vs[0].Field != tc.field {
				t.Errorf("Validate(%s) = %v, want %q first", tc.config, vs, tc.field)
			}
		})
	}
}

func configured(t *testing.T, config string, simulated bool) (*plugin, error) {
	t.Helper()
	p := new(plugin)
	return p, p.Configure(t.Context(), sdk.Setup{Instance: "b", Config: []byte(config), Simulated: simulated})
}

func TestHTTPOnlyInSimulation(t *testing.T) {
	if _, err := configured(t, `{"url":"http://b"}`, false); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("Configure with http outside simulation = %v", err)
	}
	if _, err := configured(t, `{"url":"http://b"}`, true); err != nil {
		t.Errorf("Configure with http in simulation = %v", err)
	}
}

func TestRelease(t *testing.T) {
	const good = `{"answer":"YQ==","signature":"cw=="}`
	for name, tc := range map[string]struct {
		status     int
		body, want string
		kind       string
	}{
		"an answer is handed on":           {200, good, "", ""},
		"a denial keeps kind and words":    {403, `{"error":"host data: x, want y","kind":"unattested"}`, "host data: x, want y", "unattested"},
		"an unknown key is not found":      {404, `{"error":"gone","kind":"not found"}`, "gone", "not found"},
		"an unknown kind is internal":      {500, `{"error":"x","kind":"interrupted"}`, "x", "internal"},
		"a strange answer is internal":     {502, `<html>`, "502", "internal"},
		"a redirect is not followed":       {302, ``, "302", "internal"},
		"an answer with more is refused":   {200, good + good, "canonical", "tampered"},
		"an unknown field is refused":      {200, `{"answer":"YQ==","signature":"cw==","x":1}`, "unknown field", "tampered"},
		"an answer without end is refused": {200, strings.Repeat("a", maxAnswer+1), "more than", "tampered"},
		"another success code is no yes":   {201, good, "201", "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				asked = r.Method + " " + r.URL.Path + " " + string(b)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer s.Close()
			p, err := configured(t, `{"url":"`+s.URL+`"}`, true)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Release(t.Context(), &sdk.ReleaseRequest{Key: "k", Evidence: []byte("e"), RuntimeData: []byte("r"), Nonce: []byte("n")})
			if asked != `POST /v1/release {"evidence":"ZQ==","key":"k","nonce":"bg==","runtimeData":"cg=="}` {
				t.Errorf("asked %s", asked)
			}
			if tc.kind == "" {
				if err != nil || string(got.Answer) != "a" || string(got.Signature) != "s" {
					t.Errorf("Release = %v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || kindOf(err) != tc.kind {
				t.Errorf("Release = %v (%s), want %q (%s)", err, kindOf(err), tc.want, tc.kind)
			}
		})
	}
}

func TestPinnedCA(t *testing.T) {
	answering := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"answer":"YQ==","signature":"cw=="}`)
	})
	s := httptest.NewTLSServer(answering)
	defer s.Close()
	other := httptest.NewUnstartedServer(answering)
	other.Config.ErrorLog = log.New(io.Discard, "", 0)
	other.TLS = &tls.Config{Certificates: []tls.Certificate{otherCertificate(t)}}
	other.StartTLS()
	defer other.Close()
	ca := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), "\n", `\n`)
	for name, tc := range map[string]struct{ url, kind string }{
		"the pinned broker is asked":       {s.URL, ""},
		"another broker's word is refused": {other.URL, "denied"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := configured(t, `{"url":"`+tc.url+`","ca":"`+ca+`"}`, false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Release(t.Context(), &sdk.ReleaseRequest{}); tc.kind == "" && err != nil || tc.kind != "" && kindOf(err) != tc.kind {
				t.Errorf("Release = %v, want %q", err, tc.kind)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p, err := configured(t, `{"url":"http://`+l.Addr().String()+`"}`, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Release(t.Context(), &sdk.ReleaseRequest{}); kindOf(err) != "unavailable" {
		t.Errorf("Release with nobody there = %v (%s)", err, kindOf(err))
	}
	if _, err := new(plugin).Release(t.Context(), &sdk.ReleaseRequest{}); kindOf(err) != "internal" {
		t.Errorf("Release unconfigured = %v", err)
	}
}

func TestDescribe(t *testing.T) {
	if d := new(plugin).Describe(); d.Name != "keyservice/broker" {
		t.Errorf("Describe = %+v", d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"answer":"YQ==","signature":"cw=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a answer
		if decode(b, &a) == nil {
			if again, err := encode(a); err != nil || string(again) != string(b) {
				t.Errorf("read %q, wrote %q", b, again)
			}
		}
	})
}
