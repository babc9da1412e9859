package main

import (
	"context"
	"net/http"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/governance/internal/endpoint"
)

// config is an instance's configuration.
type config struct {
	URL string `json:"url"` // of the service: https://host[:port], or http:// in simulated rooms
	CA  string `json:"ca"`  // PEM: the only authorities trusted; required with https
}

// limit is for one request; the endpoint's timeout of the specification is the core's to keep.
const limit = 30 * time.Second

// backend is one instance. Its methods may be called concurrently once configured.
type backend struct{ endpoint endpoint.Client }

func (*backend) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*backend) Validate(b []byte) []sdk.Violation {
	_, vs := parse(b)
	return vs
}

func parse(b []byte) (config, []sdk.Violation) {
	var c config
	if vs := sdk.DecodeConfig(b, &c); len(vs) > 0 {
		return c, vs
	}
	return c, endpoint.Check(c.URL, c.CA, true)
}

func (p *backend) Configure(_ context.Context, s sdk.Setup) error {
	c, vs := parse(s.Config)
	if len(vs) > 0 {
		return sdk.Reject(vs...)
	}
	var err error
	p.endpoint, err = endpoint.New(c.URL, c.CA, s.Simulated, limit)
	return err
}

// What the service reads and writes (tools/service/governance/api); fields in canonical order.
type (
	question struct {
		Contract  []byte `json:"contract"`
		Nonce     []byte `json:"nonce"`
		Operation string `json:"operation"`
		Room      string `json:"room"`
		RoomKey   []byte `json:"roomKey"`
		Subject   string `json:"subject"`
	}
	answer struct {
		Answer    []byte `json:"answer"`
		Granted   bool   `json:"granted"`
		Reason    string `json:"reason,omitempty"`
		Signature []byte `json:"signature"`
	}
	event struct {
		Event     []byte `json:"event"`
		RoomKey   []byte `json:"roomKey"`
		Signature []byte `json:"signature"`
	}
	receipt struct {
		Receipt   []byte `json:"receipt"`
		Signature []byte `json:"signature"`
	}
	refusal struct {
		Kind    string `json:"kind"`
		Message string `json:"message"`
	}
)

// Consent carries a question to the service.
func (p *backend) Consent(ctx context.Context, r *sdk.ConsentRequest) (*sdk.ConsentResponse, error) {
	var a answer
	q := question{Contract: r.GetContract(), Nonce: r.GetNonce(), Operation: r.GetOperation(), Room: r.GetRoom(), RoomKey: r.GetRoomKey(), Subject: r.GetSubject()}
	if err := p.post(ctx, "ledger.consent", "/v1/consent", q, &a); err != nil {
		return nil, err
	}
	d := sdk.Refused
	if a.Granted {
		d = sdk.Granted
	}
	return &sdk.ConsentResponse{Decision: d, Reason: a.Reason, Answer: a.Answer, Signature: a.Signature}, nil
}

// Record carries an event to the service.
func (p *backend) Record(ctx context.Context, r *sdk.RecordRequest) (*sdk.RecordResponse, error) {
	var a receipt
	e := event{Event: r.GetEvent(), RoomKey: r.GetRoomKey(), Signature: r.GetSignature()}
	if err := p.post(ctx, "ledger.record", "/v1/events", e, &a); err != nil {
		return nil, err
	}
	return &sdk.RecordResponse{Receipt: a.Receipt, Signature: a.Signature}, nil
}

func (p *backend) post(ctx context.Context, op, path string, in, out any) error {
	b, err := endpoint.Encode(in)
	if err != nil {
		return sdk.Errorf(sdk.Invalid, op, "%w", err)
	}
	status, b, err := p.endpoint.Send(ctx, op, http.MethodPost, path, b)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return refused(op, status, b)
	}
	if err := endpoint.Decode(b, out); err != nil {
		return sdk.Errorf(sdk.Tampered, op, "the service's answer: %w", err)
	}
	return nil
}

// refused maps the service's word. One that is not understood is never a reason to try again.
func refused(op string, status int, b []byte) error {
	var r refusal
	if err := endpoint.Decode(b, &r); err != nil {
		return sdk.Errorf(sdk.Internal, op, "got status %d", status)
	}
	kind := sdk.Internal
	for _, k := range []sdk.Kind{sdk.Invalid, sdk.NotFound, sdk.Denied, sdk.Tampered, sdk.Unavailable} {
		if k.String() == r.Kind {
			kind = k
		}
	}
	return sdk.Errorf(kind, op, "%s", r.Message)
}
