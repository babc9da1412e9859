package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// config is an instance's configuration.
type config struct {
	URL string `json:"url"` // of the broker: https://host[:port], or http:// in simulated rooms
	CA  string `json:"ca"`  // PEM: the only authorities trusted; required with https
}

const (
	op        = "broker.release"
	limit     = 15 * time.Second // for one question
	maxAnswer = 64 << 10
)

// plugin is one instance. Its methods may be called concurrently once configured.
type plugin struct {
	http *http.Client
	url  string
}

func (*plugin) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*plugin) Validate(b []byte) []sdk.Violation {
	_, vs := parse(b)
	return vs
}

func parse(b []byte) (config, []sdk.Violation) {
	var c config
	vs := sdk.DecodeConfig(b, &c)
	if len(vs) > 0 {
		return c, vs
	}
	bad := func(field, what string) { vs = append(vs, sdk.Violation{Field: field, Description: what}) }
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		bad("url", "is required")
	case err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		bad("url", "must be https://host or https://host:port and nothing more")
	case u.Scheme == "https" && c.CA == "":
		bad("ca", "is required with https")
	case u.Scheme == "http" && c.CA != "":
		bad("ca", "has no use with http")
	}
	if c.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.CA)) {
		bad("ca", "must be PEM certificates")
	}
	return c, vs
}

func (p *plugin) Configure(_ context.Context, s sdk.Setup) error {
	c, vs := parse(s.Config)
	if len(vs) == 0 && !s.Simulated && !strings.HasPrefix(c.URL, "https://") {
		vs = append(vs, sdk.Violation{Field: "url", Description: "must begin with https:// outside simulation"})
	}
	if len(vs) > 0 {
		return sdk.Reject(vs...)
	}
	t := &http.Transport{MaxIdleConns: 2, IdleConnTimeout: time.Minute} // no proxy: none is declared
	if c.CA != "" {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(c.CA))
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	}
	p.http = &http.Client{Transport: t, Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a broker that moved is another broker
	}}
	p.url = strings.TrimRight(c.URL, "/") + "/v1/release"
	return nil
}

// What the broker reads and writes (tools/service/broker); fields in canonical order.
type (
	question struct {
		Evidence    []byte `json:"evidence"`
		Key         string `json:"key"`
		Nonce       []byte `json:"nonce"`
		RuntimeData []byte `json:"runtimeData"`
	}
	answer struct {
		Answer    []byte `json:"answer"`
		Signature []byte `json:"signature"`
	}
	refusal struct {
		Error string `json:"error"`
		Kind  string `json:"kind"`
	}
)

func (p *plugin) Release(ctx context.Context, r *sdk.ReleaseRequest) (*sdk.ReleaseResponse, error) {
	if p.http == nil {
		return nil, sdk.Errorf(sdk.Internal, op, "not configured")
	}
	body, err := encode(question{Evidence: r.Evidence, Key: r.Key, Nonce: r.Nonce, RuntimeData: r.RuntimeData})
	if err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "%w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, sdk.Errorf(unreachable(err), op, "%w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, sdk.Errorf(sdk.Unavailable, op, "%s: %w", p.url, err)
	}
	if len(b) > maxAnswer {
		return nil, sdk.Errorf(sdk.Tampered, op, "%s: answer of more than %d bytes", p.url, maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refused(p.url, resp.Status, b)
	}
	var a answer
	if err := decode(b, &a); err != nil {
		return nil, sdk.Errorf(sdk.Tampered, op, "%s: answer: %w", p.url, err)
	}
	return &sdk.ReleaseResponse{Answer: a.Answer, Signature: a.Signature}, nil
}

// unreachable tells a broker that is not the pinned one from one that is not there.
func unreachable(err error) sdk.Kind {
	if bad := new(tls.CertificateVerificationError); errors.As(err, &bad) {
		return sdk.Denied
	}
	return sdk.Unavailable
}

// refused maps the broker's word. One that is not understood is never a reason to try again.
func refused(url, status string, b []byte) error {
	var r refusal
	if err := decode(b, &r); err != nil {
		return sdk.Errorf(sdk.Internal, op, "%s: %s", url, status)
	}
	kind := sdk.Internal
	for _, k := range []sdk.Kind{sdk.Invalid, sdk.NotFound, sdk.Denied, sdk.Unattested, sdk.Unavailable} {
		if k.String() == r.Kind {
			kind = k
		}
	}
	return sdk.Errorf(kind, op, "%s: %s", url, r.Error)
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// decode takes the broker's canonical JSON: what would be written otherwise is refused.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := encode(v)
	if err == nil && !bytes.Equal(again, b) {
		err = errors.New("not in canonical form")
	}
	return err
}
