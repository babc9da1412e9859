// Package client talks to the governance service for a party, a room's fake, or whoever
// wants to look. It signs acts with keys that never leave it, and believes no answer that
// it can verify without verifying it.
package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// maxAnswer bounds an answer, in bytes: a trail of many events is the longest.
const maxAnswer = 64 << 20

// Options say how to reach the service.
type Options struct {
	CA      []byte            // PEM, for https: the only authorities believed; nil: the system's
	Key     ed25519.PublicKey // pins the service's key; nil: what Info says is believed
	Timeout time.Duration     // for one request; zero means 30 s
}

// Client is one service. Its methods may be called concurrently.
type Client struct {
	base string
	key  ed25519.PublicKey
	http *http.Client

	acting sync.Mutex // held from reading a counter to using it
}

// Party is who acts.
type Party struct {
	Name string
	Key  ed25519.PrivateKey
}

// New returns a client of the service at address: http://…, https://… or unix:PATH. It
// does not connect yet.
func New(address string, o Options) (*Client, error) {
	const op = "governance.client"
	t := &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}
	base := strings.TrimSuffix(address, "/")
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		base = "http://governance"
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
	} else if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fault.New(fault.Invalid, op, "address must be http://HOST:PORT, https://HOST:PORT or unix:PATH (got %.80q)", address)
	}
	if o.CA != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(o.CA) {
			return nil, fault.New(fault.Invalid, op, "ca: holds no PEM certificate")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	return &Client{base: base, key: o.Key, http: &http.Client{
		Transport: t, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Info returns who the service and its parties are. A key that is not the pinned one is
// Tampered.
func (c *Client) Info(ctx context.Context) (api.Info, error) {
	i, err := fetch[api.Info](ctx, c, api.PathInfo)
	if err != nil {
		return api.Info{}, err
	}
	if len(i.Key) != ed25519.PublicKeySize || c.key != nil && !bytes.Equal(i.Key, c.key) {
		return api.Info{}, fault.New(fault.Tampered, "governance.info", "the service's key is not the pinned one")
	}
	return i, nil
}

// Propose puts a contract up for the vote and returns its digest. The specification must
// be in canonical form (spec.Canonical): its bytes' digest is what the contract binds.
func (c *Client) Propose(ctx context.Context, p Party, specification, policy []byte) (digest.SHA256, error) {
	s, y := digest.Of(specification), digest.Of(policy)
	d, err := spec.Contract(s, y)
	if err != nil {
		return digest.SHA256{}, err
	}
	return d, c.act(ctx, p, api.Act{Kind: api.Propose, Contract: d, Specification: s, Policy: y},
		api.Submission{Specification: specification, Policy: policy})
}

// Vote votes for a contract, or takes the vote back.
func (c *Client) Vote(ctx context.Context, p Party, contract digest.SHA256, yes bool) error {
	return c.act(ctx, p, api.Act{Kind: api.Vote, Contract: contract, Yes: yes}, api.Submission{})
}

// Switch switches the party's consent to operations on or off.
func (c *Client) Switch(ctx context.Context, p Party, contract digest.SHA256, on bool, operations ...string) error {
	return c.act(ctx, p, api.Act{Kind: api.Switch, Contract: contract, Operations: operations, Yes: on}, api.Submission{})
}

func (c *Client) act(ctx context.Context, p Party, a api.Act, sub api.Submission) error {
	if len(p.Key) != ed25519.PrivateKeySize {
		return fault.New(fault.Invalid, "governance.act", "%s: has no private key", p.Name)
	}
	c.acting.Lock()
	defer c.acting.Unlock()
	i, err := c.Info(ctx)
	if err != nil {
		return err
	}
	a.Party, a.Service, a.Counter = p.Name, i.Key, i.Counters[p.Name]+1
	if sub.Act, err = a.Sign(p.Key); err != nil {
		return err
	}
	var done api.Accepted
	return c.post(ctx, api.PathActs, sub, &done)
}

// Contract returns the state of one contract; NotFound.
func (c *Client) Contract(ctx context.Context, d digest.SHA256) (api.Contract, error) {
	return fetch[api.Contract](ctx, c, api.PathContracts+"/"+d.String())
}

// Contracts lists all contracts.
func (c *Client) Contracts(ctx context.Context) ([]api.Contract, error) {
	return fetch[[]api.Contract](ctx, c, api.PathContracts)
}

// Acts returns the signed acts about a contract, each verified against its party's key.
func (c *Client) Acts(ctx context.Context, d digest.SHA256) ([]api.LoggedAct, error) {
	const op = "governance.acts"
	i, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	keys := map[string][]byte{}
	for _, p := range i.Parties {
		keys[p.Name] = p.Key
	}
	out, err := fetch[[]api.LoggedAct](ctx, c, api.PathContracts+"/"+d.String()+"/acts")
	if err != nil {
		return nil, err
	}
	for n, l := range out {
		a, err := l.Act.Parse()
		if err == nil {
			_, err = l.Act.Verify(keys[a.Party], i.Key)
		}
		if err != nil || !a.Contract.Equal(d) {
			return nil, fault.New(fault.Tampered, op, "act %d: is not a party's about %s: %w", n, d, err)
		}
	}
	return out, nil
}

// Document returns a specification or policy by its digest; Tampered if the service's bytes
// have another.
func (c *Client) Document(ctx context.Context, d digest.SHA256) ([]byte, error) {
	b, err := c.do(ctx, http.MethodGet, api.PathDocuments+d.String(), nil)
	if err == nil && !d.Equal(digest.Of(b)) {
		return nil, fault.New(fault.Tampered, "governance.document", "the service's bytes for %s have another digest", d)
	}
	return b, err
}

// Rooms lists the rooms that have recorded something.
func (c *Client) Rooms(ctx context.Context) ([]api.Room, error) {
	return fetch[[]api.Room](ctx, c, api.PathRooms)
}

// Events returns a room's trail. Key is that of the room's events; nil: whichever room has
// the name. The trail is as the service says; core/governance.VerifyTrail verifies it.
func (c *Client) Events(ctx context.Context, room string, key ed25519.PublicKey) (api.Trail, error) {
	path := api.PathRooms + "/" + url.PathEscape(room) + "/events"
	if key != nil {
		path += "?key=" + base64.RawURLEncoding.EncodeToString(key)
	}
	return fetch[api.Trail](ctx, c, path)
}

// Signed returns a trail's events in the form that core/governance.VerifyTrail takes.
func Signed(t api.Trail) []core.SignedEvent {
	var out []core.SignedEvent
	for _, e := range t.Events {
		out = append(out, core.SignedEvent{Event: e.Event, Signature: e.Signature})
	}
	return out
}

// Consent puts a room's question. With Record it makes a Client a core/governance.Client.
func (c *Client) Consent(ctx context.Context, q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	var a api.Answer
	err := c.post(ctx, api.PathConsent, api.Question{
		Operation: q.GetOperation(), Subject: q.GetSubject(), Contract: q.GetContract(), Room: q.GetRoom(), RoomKey: q.GetRoomKey(), Nonce: q.GetNonce(),
	}, &a)
	if err != nil {
		return nil, err
	}
	d := governancev1.Decision_DECISION_REFUSED
	if a.Granted {
		d = governancev1.Decision_DECISION_GRANTED
	}
	return &governancev1.ConsentResponse{Decision: d, Reason: a.Reason, Answer: a.Answer, Signature: a.Signature}, nil
}

// Record brings a room's event.
func (c *Client) Record(ctx context.Context, q *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	var r api.Receipt
	if err := c.post(ctx, api.PathEvents, api.Event{Event: q.GetEvent(), Signature: q.GetSignature(), RoomKey: q.GetRoomKey()}, &r); err != nil {
		return nil, err
	}
	return &governancev1.RecordResponse{Receipt: r.Receipt, Signature: r.Signature}, nil
}

func fetch[T any](ctx context.Context, c *Client, path string) (T, error) {
	var v T
	err := c.decode(ctx, http.MethodGet, path, nil, &v)
	return v, err
}

func (c *Client) post(ctx context.Context, path string, in, out any) error {
	b, err := canonical.Marshal(in)
	if err != nil {
		return fault.New(fault.Invalid, "governance.client", "%w", err)
	}
	return c.decode(ctx, http.MethodPost, path, b, out)
}

func (c *Client) decode(ctx context.Context, method, path string, in []byte, out any) error {
	b, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	if err := canonical.Unmarshal(b, out); err != nil {
		return fault.New(fault.Internal, "governance.client", "%s: the answer: %w", path, err)
	}
	return nil
}

func (c *Client) do(ctx context.Context, method, path string, in []byte) ([]byte, error) {
	const op = "governance.client"
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(in))
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fault.New(fault.Unavailable, op, "%w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Unavailable, op, "%s: %w", path, err)
	case len(b) > maxAnswer:
		return nil, fault.New(fault.Invalid, op, "%s: the answer has more than %d bytes", path, maxAnswer)
	case resp.StatusCode == http.StatusOK:
		return b, nil
	}
	var e api.Error
	if err := canonical.Unmarshal(b, &e); err != nil {
		return nil, fault.New(fault.Internal, op, "%s: got status %d", path, resp.StatusCode)
	}
	return nil, fault.New(e.FaultKind(), op, "%s", e.Message)
}
