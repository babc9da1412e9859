package telemetry

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Operation and Subject are what Export needs a permit for.
const (
	Operation = "telemetry.export"
	Subject   = "infrastructure"
)

// Target is where telemetry may go, as the specification says.
type Target struct {
	Endpoint string   // OTLP over HTTP: http(s)://host:port, with no path
	CA       string   // PEM; required with https
	Mode     string   // trusted: https alone; open: either
	Signals  []string // of traces, metrics, logs; the others never leave
}

// exportLimit bounds one request to the sink.
const exportLimit = 10 * time.Second

// Export sends what the spool holds of the target's signals, and forgets the
// rest. Errors: Denied without a permit or where the sink is not the pinned one,
// Invalid for a wrong target, Unavailable where the sink does not take it.
func (t *Telemetry) Export(ctx context.Context, p permit.Permit, to Target) error {
	const op = "telemetry.export"
	if err := p.Check(Operation, Subject); err != nil {
		return err
	}
	if t == nil {
		return fault.New(fault.Internal, op, "nothing was recorded")
	}
	base, client, err := to.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if err := t.flush(ctx); err != nil {
		return fault.New(fault.Internal, op, "collect: %w", err)
	}
	for _, i := range t.spool.take() {
		if !slices.Contains(to.Signals, paths[i.path]) {
			continue
		}
		if err := send(ctx, client, base+i.path, i.body); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

func (t *Telemetry) flush(ctx context.Context) error {
	t.room.End()
	return errors.Join(t.traces.ForceFlush(ctx), t.logs.ForceFlush(ctx), t.meters.ForceFlush(ctx))
}

// Close stops recording; what was not exported is forgotten.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	err := errors.Join(t.traces.Shutdown(ctx), t.logs.Shutdown(ctx), t.meters.Shutdown(ctx))
	t.spool.take()
	return err
}

func (to Target) client() (base string, c *http.Client, err error) {
	invalid := func(format string, args ...any) (string, *http.Client, error) {
		return "", nil, fault.New(fault.Invalid, "telemetry.target", format, args...)
	}
	u, err := url.Parse(to.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return invalid("endpoint: must be http(s)://host:port (got %.80q)", to.Endpoint)
	}
	for _, s := range to.Signals {
		if !slices.Contains([]string{"traces", "metrics", "logs"}, s) {
			return invalid("signals: %.40q is none", s)
		}
	}
	if len(to.Signals) == 0 {
		return invalid("signals: is required")
	}
	switch to.Mode {
	case v1.ModeTrusted:
		if u.Scheme != "https" {
			return invalid("endpoint: mode trusted needs https (got %.80q)", to.Endpoint)
		}
	case v1.ModeOpen:
	default:
		return invalid("mode: must be trusted or open (got %.40q)", to.Mode)
	}
	tr := &http.Transport{DisableCompression: true} // no proxy: none is declared
	if u.Scheme == "https" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(to.CA)) {
			return invalid("ca: PEM certificates are required with https")
		}
		tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return u.Scheme + "://" + u.Host, &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // another place was not consented to
	}}, nil
}

func send(ctx context.Context, c *http.Client, to string, body []byte) error {
	const op = "telemetry.send"
	ctx, cancel := context.WithTimeout(ctx, exportLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return fault.New(fault.Invalid, op, "%w", err)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := c.Do(r)
	if err != nil {
		kind := fault.Unavailable
		if bad := new(tls.CertificateVerificationError); errors.As(err, &bad) {
			kind = fault.Denied
		}
		return fault.New(kind, op, "%w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return fault.New(fault.Unavailable, op, "%s: %w", to, err)
	}
	if resp.StatusCode != http.StatusOK { // OTLP 1.x, "Full Success"
		return fault.New(fault.Unavailable, op, "%s: answers %s, want 200", to, resp.Status)
	}
	return nil
}
