package room

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
)

// endless is an application that runs until it is stopped.
type endless struct {
	application
	stopped chan struct{}
}

func (e *endless) Wait(ctx context.Context, _ *runtimev1.WaitRequest) (*runtimev1.WaitResponse, error) {
	if _, ok := ctx.Deadline(); ok {
		return nil, errors.New("a deadline reaches the plugin, and bites there first")
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.stopped:
		return &runtimev1.WaitResponse{}, nil
	}
}

func (e *endless) Stop(context.Context, *runtimev1.StopRequest) (*runtimev1.StopResponse, error) {
	close(e.stopped)
	return &runtimev1.StopResponse{}, nil
}

// anywhere is a network whose places are free ports of this machine.
type anywhere struct{ resolver string }

func (a *anywhere) Listen(network, _ string) (net.Listener, error) {
	return net.Listen(network, "127.0.0.1:0")
}
func (a *anywhere) ListenPacket(network, _ string) (net.PacketConn, error) {
	c, err := net.ListenPacket(network, "127.0.0.1:0")
	if err == nil {
		a.resolver = c.LocalAddr().String()
	}
	return c, err
}
func (*anywhere) Path() string { return "" }

// captured is a room whose application runs, with the audit that it writes.
func captured(t *testing.T) (*room, *governancetest.Backend, *anywhere) {
	t.Helper()
	audit, network := governancetest.New(governance.RoomOpen), &anywhere{}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &room{spec: &v1.Spec{Name: "trial"}, app: &endless{stopped: make(chan struct{})}, stop: func(error) {}}
	if r.gate, err = governance.New(governance.Config{
		Contract: digest.Of([]byte("contract")), Room: "room-1", Key: key,
		Consent: []governance.Consenter{{Name: "all", Operations: []string{governance.RoomOpen}, Timeout: time.Minute, Client: audit}},
		Audit:   []governance.Recorder{{Name: "all", Timeout: time.Minute, Client: audit}},
	}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := r.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "trial"}, func(ctx context.Context, p permit.Permit) error {
		r.proxy, err = proxy.Start(ctx, p, proxy.Config{Room: "trial", Net: network, EnvoyPath: "none", Dir: filepath.Join(dir, "proxy"), UID: 1, Log: slog.New(slog.DiscardHandler)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.proxy.Close() })
	if r.console, err = telemetry.NewConsole(dir, 1<<10); err != nil {
		t.Fatal(err)
	}
	return r, audit, network
}

// After capture the console leaves, and nobody watches consent any more.
func TestTheApplicationDoesNotOutliveItsWallTime(t *testing.T) {
	r, _, _ := captured(t)
	r.spec.Limits.WallTime = v1.Duration(time.Millisecond)
	if err := r.capture(t.Context()); fault.KindOf(err) != fault.Failed || !strings.Contains(err.Error(), "wallTime") {
		t.Errorf("capture = %v, want Failed for limits.wallTime", err)
	}
	select {
	case <-r.app.(*endless).stopped:
	default:
		t.Error("the application still runs")
	}
	if err := r.console.WriteTo(filepath.Join(t.TempDir(), "console")); err != nil {
		t.Error(err)
	}
}

func TestTheAuditHoldsNothingThatTheApplicationChose(t *testing.T) {
	r, audit, network := captured(t)
	r.spec.Limits.WallTime = v1.Duration(time.Millisecond)
	c, err := net.Dial("udp", network.resolver)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	question := "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0bpatient-007\x05x-ray\x00\x00\x01\x00\x01"
	if _, err := io.WriteString(c, question); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	if err := r.capture(t.Context()); fault.KindOf(err) != fault.Failed {
		t.Errorf("capture = %v", err)
	}
	var all strings.Builder
	for _, e := range audit.Events("room-1") {
		all.Write(e.Event)
	}
	if !strings.Contains(all.String(), `"attempts.dns":"1"`) || strings.Contains(all.String(), "patient") {
		t.Errorf("the audit says %s", all.String())
	}
}
