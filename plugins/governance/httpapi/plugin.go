package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/governance/internal/endpoint"
)

// config is an instance's configuration.
type config struct {
	URL          string `json:"url"`          // exactly what is asked; https, or http:// in simulated rooms
	Method       string `json:"method"`       // POST or PUT
	SuccessCodes []int  `json:"successCodes"` // 200 to 299; no other is a yes
	Timeout      string `json:"timeout"`      // for one request, as Go writes it; "" means 30s
	CA           string `json:"ca"`           // PEM: the only authorities trusted; required with https
}

const defaultTimeout = 30 * time.Second

// backend is one instance. Its methods may be called concurrently once configured.
type backend struct {
	config   config
	endpoint endpoint.Client
}

func (*backend) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*backend) Validate(b []byte) []sdk.Violation {
	_, _, vs := parse(b)
	return vs
}

func parse(b []byte) (c config, timeout time.Duration, vs []sdk.Violation) {
	if vs := sdk.DecodeConfig(b, &c); len(vs) > 0 {
		return c, 0, vs
	}
	vs = endpoint.Check(c.URL, c.CA, false)
	bad := func(field, what string, args ...any) {
		vs = append(vs, sdk.Violation{Field: field, Description: fmt.Sprintf(what, args...)})
	}
	if c.Method != http.MethodPost && c.Method != http.MethodPut {
		bad("method", "must be POST or PUT (got %.20q)", c.Method)
	}
	if len(c.SuccessCodes) == 0 {
		bad("successCodes", "needs at least one code: none would be a yes")
	}
	for i, code := range c.SuccessCodes {
		if code < 200 || code > 299 || slices.Contains(c.SuccessCodes[:i], code) {
			bad(fmt.Sprintf("successCodes[%d]", i), "must be a code from 200 to 299, once (got %d)", code)
		}
	}
	timeout = defaultTimeout
	if c.Timeout != "" {
		var err error
		if timeout, err = time.ParseDuration(c.Timeout); err != nil || timeout <= 0 {
			bad("timeout", "must be a duration above 0, such as 5s (got %.40q)", c.Timeout)
		}
	}
	return c, timeout, vs
}

func (p *backend) Configure(_ context.Context, s sdk.Setup) error {
	c, timeout, vs := parse(s.Config)
	if len(vs) > 0 {
		return sdk.Reject(vs...)
	}
	e, err := endpoint.New(c.URL, c.CA, s.Simulated, timeout)
	if err != nil {
		return err
	}
	p.config, p.endpoint = c, e
	return nil
}

// What is sent; fields in canonical order.
type (
	question struct {
		Contract  string `json:"contract"` // sha256:…
		Nonce     []byte `json:"nonce"`
		Operation string `json:"operation"`
		Room      string `json:"room"`
		RoomKey   []byte `json:"roomKey"` // Ed25519 public key of the room's events
		Subject   string `json:"subject"`
	}
	record struct {
		Event     json.RawMessage `json:"event"` // these bytes are what Signature is over
		RoomKey   []byte          `json:"roomKey"`
		Signature []byte          `json:"signature"`
	}
)

// Consent is granted if the answer has a success code, and refused if it has another.
func (p *backend) Consent(ctx context.Context, r *sdk.ConsentRequest) (*sdk.ConsentResponse, error) {
	got, err := p.send(ctx, "httpapi.consent", question{
		Contract: "sha256:" + hex.EncodeToString(r.GetContract()), Nonce: r.GetNonce(), Operation: r.GetOperation(),
		Room: r.GetRoom(), RoomKey: r.GetRoomKey(), Subject: r.GetSubject(),
	})
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(p.config.SuccessCodes, got):
		return &sdk.ConsentResponse{Decision: sdk.Granted}, nil
	}
	return &sdk.ConsentResponse{Decision: sdk.Refused, Reason: fmt.Sprintf("got status %d, want %s", got, p.want())}, nil
}

// Record is confirmed if the answer has a success code, and Denied if it has another.
func (p *backend) Record(ctx context.Context, r *sdk.RecordRequest) (*sdk.RecordResponse, error) {
	const op = "httpapi.record"
	got, err := p.send(ctx, op, record{Event: r.GetEvent(), RoomKey: r.GetRoomKey(), Signature: r.GetSignature()})
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(p.config.SuccessCodes, got):
		return &sdk.RecordResponse{}, nil
	}
	return nil, sdk.Errorf(sdk.Denied, op, "got status %d, want %s", got, p.want())
}

func (p *backend) want() string {
	if len(p.config.SuccessCodes) == 1 {
		return fmt.Sprint(p.config.SuccessCodes[0])
	}
	return fmt.Sprintf("one of %d", p.config.SuccessCodes)
}

func (p *backend) send(ctx context.Context, op string, v any) (status int, err error) {
	b, err := endpoint.Encode(v)
	if err != nil {
		return 0, sdk.Errorf(sdk.Invalid, op, "%w", err)
	}
	status, _, err = p.endpoint.Send(ctx, op, p.config.Method, "", b)
	return status, err
}
