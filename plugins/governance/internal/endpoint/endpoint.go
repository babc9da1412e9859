// Package endpoint is how the governance plugins talk HTTP: to one server, pinned by its
// CA wherever the room is not simulated, without proxies and without following redirects.
// It retries nothing and takes no answer for a yes.
package endpoint

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

// maxAnswer bounds an answer's body, in bytes.
const maxAnswer = 64 << 10

// Check says what is wrong with the fields url and ca of a configuration, offline. Bare: the
// url names a server and nothing more.
func Check(address, ca string, bare bool) (vs []sdk.Violation) {
	bad := func(field, what string) { vs = append(vs, sdk.Violation{Field: field, Description: what}) }
	u, err := url.Parse(address)
	switch {
	case address == "":
		bad("url", "is required")
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		bad("url", "must be an https:// address without user or fragment")
	case bare && (strings.Trim(u.Path, "/") != "" || u.RawQuery != ""):
		bad("url", "must be https://host or https://host:port and nothing more")
	case u.Scheme == "https" && ca == "":
		bad("ca", "is required with https")
	case u.Scheme == "http" && ca != "":
		bad("ca", "has no use with http")
	}
	if ca != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(ca)) {
		bad("ca", "must be PEM certificates")
	}
	return vs
}

// Client is one server. It may be used concurrently; the zero value refuses.
type Client struct {
	http *http.Client
	url  string
}

// New returns a client for fields that Check has found nothing wrong with. Plain http is
// refused unless simulated. Timeout is for one request.
func New(address, ca string, simulated bool, timeout time.Duration) (Client, error) {
	if !simulated && !strings.HasPrefix(address, "https://") {
		return Client{}, sdk.Reject(sdk.Violation{Field: "url", Description: "must begin with https:// outside simulation"})
	}
	t := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute} // no proxy: none is declared
	if ca != "" {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(ca))
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return Client{url: address, http: &http.Client{Transport: t, Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a server that moved is another server
	}}}, nil
}

// Send sends body to the client's url and path, and returns status and body of the answer.
// No connection, or no whole answer, is Unavailable; a server that is not the pinned one Denied.
func (c Client) Send(ctx context.Context, op, method, path string, body []byte) (status int, answer []byte, err error) {
	if c.http == nil {
		return 0, nil, sdk.Errorf(sdk.Internal, op, "not configured")
	}
	address := c.url
	if path != "" {
		address = strings.TrimRight(c.url, "/") + path
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, sdk.Errorf(sdk.Internal, op, "%w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		kind := sdk.Unavailable
		if bad := new(tls.CertificateVerificationError); errors.As(err, &bad) {
			kind = sdk.Denied
		}
		return 0, nil, sdk.Errorf(kind, op, "%w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, sdk.Errorf(sdk.Unavailable, op, "%s: %w", c.url, err)
	}
	if len(answer) > maxAnswer {
		return 0, nil, sdk.Errorf(sdk.Denied, op, "%s: answer of more than %d bytes", c.url, maxAnswer)
	}
	return resp.StatusCode, answer, nil
}

// Encode writes a struct whose fields are in alphabetical order as canonical JSON.
func Encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// Decode reads what Encode would write, and nothing else.
func Decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := Encode(v)
	if err == nil && !bytes.Equal(again, b) {
		err = errors.New("not in canonical form")
	}
	return err
}
