package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// host starts this binary as the plugin that it is, as core/room does.
func host(t testing.TB) *plugin.Runtime {
	t.Helper()
	dir := tmpfs(t)
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "podman")
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".json", pluginJSON, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := plugin.Start(t.Context(), plugin.Options{Name: "runtime/podman", Path: path, Checksum: digest.Of(binary), Instance: "application",
		Config: map[string]any{}, Privileged: true, TempDir: dir, Log: slog.New(slog.DiscardHandler), StartTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	r, err := p.Runtime()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOverTheWire(t *testing.T) {
	if !inARoom(t) {
		return
	}
	l, remote := prepare(t, "/probe", "exit", "7"), host(t)
	_, pinned, _ := strings.Cut(*imageX, "@")
	other := digest.Of([]byte("other")).String()
	if _, err := host(t).Prepare(t.Context(), &sdk.PrepareRequest{Layout: sandbox.InDir + "/image", Digest: other, StateDir: tmpfs(t)}); fault.KindOf(err) != fault.Tampered {
		t.Errorf("Prepare of another digest = %v, want tampered", err)
	}
	if _, err := remote.Prepare(t.Context(), &sdk.PrepareRequest{Layout: sandbox.InDir + "/image", Digest: pinned, StateDir: tmpfs(t)}); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Start(t.Context(), l.request); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.fifos {
		if err := f.Opened(); err != nil {
			t.Error(err)
		}
	}
	r, err := remote.Wait(t.Context(), &sdk.WaitRequest{})
	if err != nil || r.GetExitCode() != 7 {
		t.Errorf("Wait = %v, %v; want 7", r, err)
	}
	if _, err := remote.Stop(t.Context(), &sdk.StopRequest{}); err != nil {
		t.Errorf("Stop of what has ended = %v", err)
	}
}

// TestStartBesidePodman prints how long our start takes, beside a bare podman
// run of the same image from the same store.
func TestStartBesidePodman(t *testing.T) {
	if testing.Short() {
		t.Skip("measures only: run without -short")
	}
	if !inARoom(t) {
		return
	}
	l := prepare(t, "/probe", "exit", "0")
	args, err := runArgs(l.request, l.state)
	if err != nil {
		t.Fatal(err)
	}
	var ours, bare time.Duration
	const runs = 5
	for range runs {
		start := time.Now()
		c, err := l.state.run(t.Context(), args, l.request.Stdout, l.request.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		ours += time.Since(start)
		<-c.ended
		rm(t, l)
		cmd := l.state.command(t.Context(), "run", "--rm", "--name=application", "--network=none", "--ulimit=nofile=512:512", "--ulimit=nproc=64:64", "--entrypoint=/probe", l.state.image, "exit", "0")
		start = time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		bare += time.Since(start)
	}
	t.Logf("ours to the first instruction %v, bare podman run in all %v (means of %d)", ours/runs, bare/runs, runs)
}

// rm makes the name free again.
func rm(t *testing.T, l *launched) {
	t.Helper()
	// podman's own tidying up may be under way still, and in the way.
	deadline := time.Now().Add(patience)
	for {
		out, err := l.state.command(t.Context(), "rm", "--force", "application").CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, name := range []string{"run/app.pid", "run/conmon.pid"} {
		if err := os.Remove(l.state.path(name)); err != nil {
			t.Fatal(err)
		}
	}
}
