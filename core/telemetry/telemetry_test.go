package telemetry_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
)

// receiver is an OTLP sink that keeps what it decodes, as text by path.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    map[string]string
	status int
}

func newReceiver(t *testing.T, start func(http.Handler) *httptest.Server) *receiver {
	t.Helper()
	r := &receiver{got: map[string]string{}, status: 200}
	r.Server = start(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		m := map[string]proto.Message{"/v1/traces": new(coltrace.ExportTraceServiceRequest),
			"/v1/metrics": new(colmetrics.ExportMetricsServiceRequest), "/v1/logs": new(collogs.ExportLogsServiceRequest)}[q.URL.Path]
		if m == nil || q.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(b, m) != nil {
			t.Errorf("not OTLP: %s %s", q.Method, q.URL.Path)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got[q.URL.Path] += prototext.Format(m)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(r.got)
}

func start(t *testing.T, local io.Writer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "cleanroomd", Room: "room-1",
		Contract: digest.Of([]byte("contract")), Log: slog.New(slog.NewTextHandler(local, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Close(context.Background()) })
	return tel
}

func allowed(t *testing.T) permit.Permit {
	t.Helper()
	p, end := permit.Issue(telemetry.Operation, telemetry.Subject)
	t.Cleanup(end)
	return p
}

// record makes one of each signal, with things that must not leave.
func record(t *testing.T, tel *telemetry.Telemetry) {
	t.Helper()
	ctx, end := tel.Span(t.Context(), "mount")
	tel.Logger().InfoContext(ctx, "source mounted", telemetry.FieldSubject, "north", "destination", "PATIENT-DATA.example")
	tel.Logger().With("path", "PATIENT-DATA").WarnContext(ctx, "request refused", telemetry.FieldRoute, "reference",
		telemetry.FieldError, fault.New(fault.Denied, "x", "PATIENT-DATA"), telemetry.FieldSubject, []string{"PATIENT-DATA"})
	tel.Logger().WithGroup("g").Info("grouped", telemetry.FieldSubject, "PATIENT-DATA")
	tel.Logger().Debug("detail", telemetry.FieldSubject, "PATIENT-DATA")
	end(fault.New(fault.Tampered, "x", "PATIENT-DATA"))
}

func TestExport(t *testing.T) {
	r := newReceiver(t, httptest.NewServer)
	local := new(bytes.Buffer)
	tel := start(t, local)
	record(t, tel)
	if got := r.all(); got != "map[]" {
		t.Fatalf("sent before consent: %s", got)
	}
	if err := tel.Export(t.Context(), allowed(t), telemetry.Target{Endpoint: r.URL, Mode: "open", Signals: []string{"metrics", "traces", "logs"}}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/v1/traces":  {"room.mount", "STATUS_CODE_ERROR", "tampered", "cleanroom.contract", "room-1"},
		"/v1/metrics": {"cleanroom.stage.duration", "tampered", "cleanroom.telemetry.dropped"},
		"/v1/logs":    {"source mounted", "north", "request refused", "reference", "denied", "WARN", "grouped"},
	} {
		for _, w := range want {
			if !strings.Contains(r.got[path], w) {
				t.Errorf("%s lacks %q: %s", path, w, r.got[path])
			}
		}
	}
	if strings.Contains(r.all(), "PATIENT-DATA") {
		t.Errorf("what the application chose has left: %s", r.all())
	}
	if !strings.Contains(local.String(), "destination=PATIENT-DATA.example") || strings.Contains(local.String(), "detail") {
		t.Errorf("the local log lacks its own, or has what its level excludes: %s", local)
	}
}

func TestOnlyAgreedSignalsLeave(t *testing.T) {
	r := newReceiver(t, httptest.NewServer)
	tel := start(t, io.Discard)
	record(t, tel)
	to := telemetry.Target{Endpoint: r.URL, Mode: "open", Signals: []string{"metrics"}}
	if err := tel.Export(t.Context(), allowed(t), to); err != nil {
		t.Fatal(err)
	}
	if len(r.got) != 1 || r.got["/v1/metrics"] == "" {
		t.Errorf("got %s", r.all())
	}
	to.Signals = []string{"traces"}
	if err := tel.Export(t.Context(), allowed(t), to); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.all(), "room.mount") {
		t.Error("what was refused once is still kept")
	}
}

func TestExportRefuses(t *testing.T) {
	r := newReceiver(t, httptest.NewServer)
	other, end := permit.Issue(telemetry.Operation, "application")
	defer end()
	open := telemetry.Target{Endpoint: r.URL, Mode: "open", Signals: []string{"logs"}}
	good := allowed(t)
	for name, tc := range map[string]struct {
		p       permit.Permit
		edit    func(to *telemetry.Target)
		wantErr string
		kind    fault.Kind
	}{
		"no permit is refused":               {permit.Permit{}, nil, "no permit", fault.Denied},
		"another subject's permit":           {other, nil, "permit is for", fault.Denied},
		"no signals is refused":              {good, func(to *telemetry.Target) { to.Signals = nil }, "signals: is required", fault.Invalid},
		"an unknown signal is refused":       {good, func(to *telemetry.Target) { to.Signals = []string{"profiles"} }, "profiles", fault.Invalid},
		"no mode is refused":                 {good, func(to *telemetry.Target) { to.Mode = "" }, "mode:", fault.Invalid},
		"trusted over plain http":            {good, func(to *telemetry.Target) { to.Mode = "trusted" }, "needs https", fault.Invalid},
		"https without CA":                   {good, func(to *telemetry.Target) { to.Endpoint = "https://127.0.0.1:1" }, "ca:", fault.Invalid},
		"an endpoint with a path is refused": {good, func(to *telemetry.Target) { to.Endpoint += "/x" }, "endpoint:", fault.Invalid},
		"an endpoint with a query":           {good, func(to *telemetry.Target) { to.Endpoint += "?x" }, "endpoint:", fault.Invalid},
		"no endpoint is refused":             {good, func(to *telemetry.Target) { to.Endpoint = "" }, "endpoint:", fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			tel, to := start(t, io.Discard), open
			record(t, tel)
			if tc.edit != nil {
				tc.edit(&to)
			}
			err := tel.Export(t.Context(), tc.p, to)
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != tc.kind {
				t.Errorf("Export = %v (%v), want %q (%v)", err, fault.KindOf(err), tc.wantErr, tc.kind)
			}
			if len(r.got) != 0 {
				t.Errorf("something left: %s", r.all())
			}
		})
	}
}

func TestSinkThatFails(t *testing.T) {
	r := newReceiver(t, httptest.NewServer)
	to := telemetry.Target{Endpoint: r.URL, Mode: "open", Signals: []string{"logs"}}
	for _, r.status = range []int{201, 302, 400, 503} {
		tel := start(t, io.Discard)
		record(t, tel)
		if err := tel.Export(t.Context(), allowed(t), to); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("sink answers %d: Export = %v", r.status, err)
		}
	}
	r.Close()
	tel := start(t, io.Discard)
	record(t, tel)
	if err := tel.Export(t.Context(), allowed(t), to); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("nobody there: Export = %v", err)
	}
}

func TestTrustedSinkIsPinned(t *testing.T) {
	quiet := func(h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		return s
	}
	r := newReceiver(t, quiet)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}))
	tel := start(t, io.Discard)
	record(t, tel)
	to := telemetry.Target{Endpoint: r.URL, CA: otherCA(t), Mode: "trusted", Signals: []string{"logs"}}
	if err := tel.Export(t.Context(), allowed(t), to); fault.KindOf(err) != fault.Denied || !errors.As(err, new(*tls.CertificateVerificationError)) {
		t.Errorf("another sink: Export = %v", err)
	}
	record(t, tel)
	to.CA = ca
	if err := tel.Export(t.Context(), allowed(t), to); err != nil || !strings.Contains(r.all(), "source mounted") {
		t.Errorf("the pinned sink: Export = %v, got %s", err, r.all())
	}
}

func TestNilRecordsNothing(t *testing.T) {
	var tel *telemetry.Telemetry
	ctx, end := tel.Span(t.Context(), "x")
	end(nil)
	tel.Logger().InfoContext(ctx, "x")
	if _, err := tel.Meter().Int64Counter("x"); err != nil {
		t.Error(err)
	}
	if err := tel.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := tel.Export(ctx, allowed(t), telemetry.Target{}); fault.KindOf(err) != fault.Internal {
		t.Errorf("Export of nothing = %v", err)
	}
	if _, err := telemetry.New(ctx, telemetry.Config{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("New of nothing = %v", err)
	}
}
