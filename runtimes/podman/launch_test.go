package main

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/firewall"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// patience bounds waits for what must happen.
const patience = 120 * time.Second

const uidBase = 200000

// launched is an application in a test's room.
type launched struct {
	*podman
	t              testing.TB
	request        *sdk.StartRequest
	stdout, stderr chan []byte
	fifos          [2]*sandbox.Fifo

	mu   sync.Mutex
	seen bytes.Buffer // of both consoles
}

// Write notes what the console says while it is read.
func (l *launched) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen.Write(b)
}

// said reports whether the console has said want yet.
func (l *launched) said(want string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.seen.String(), want)
}

// tmpfs mounts a small one for the test: what is left in it is gone with it.
func tmpfs(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "t") // podman wants short names in lower case
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=512m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// prepare does what core/room does before an application starts.
func prepare(t testing.TB, command ...string) *launched {
	t.Helper()
	dir := tmpfs(t)
	l := &launched{podman: &podman{}, t: t, stdout: make(chan []byte, 1), stderr: make(chan []byte, 1)}
	if err := l.Configure(t.Context(), sdk.Setup{Config: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(*imageX, "@")
	stateDir := tmpfs(t)
	start := time.Now()
	if _, err := l.Prepare(t.Context(), &sdk.PrepareRequest{Layout: sandbox.InDir + "/image", Digest: digest, StateDir: stateDir}); err != nil {
		t.Fatal(err)
	}
	t.Logf("Prepare: %v", time.Since(start))
	network, err := sandbox.NewNetwork(filepath.Join(dir, "net"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	rules, err := firewall.Plan(firewall.Config{Routes: netip.MustParsePrefix("198.18.0.0/15"), ProxyPort: 15001, RefusePort: 15002, DNSPort: 15053})
	if err != nil {
		t.Fatal(err)
	}
	v6, err := sandbox.IPv6()
	if err != nil {
		t.Fatal(err)
	}
	open, end := permit.Issue(firewall.Operation, "room-1")
	defer end()
	if err := firewall.Apply(t.Context(), open, "room-1", network, rules, v6); err != nil {
		t.Fatal(err)
	}
	profile, err := sandbox.SeccompProfile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seccomp.json"), profile, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, to := range []chan []byte{l.stdout, l.stderr} {
		f, err := sandbox.NewFifo(dir, []string{"stdout", "stderr"}[i])
		if err != nil {
			t.Fatal(err)
		}
		l.fifos[i] = f
		done := make(chan struct{})
		t.Cleanup(func() {
			_ = f.Opened() // start did, unless the test ended before it
			<-done
			f.Close()
		})
		go func() {
			defer close(done)
			b, err := io.ReadAll(io.TeeReader(f, l))
			if err != nil {
				t.Errorf("console: %v", err)
			}
			to <- b
		}()
	}
	for _, sub := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(dir, sub), uidBase+1000, uidBase+1000); err != nil {
			t.Fatal(err)
		}
	}
	l.request = &sdk.StartRequest{
		Command: command, User: 1000, UidBase: uidBase, WorkDir: "/work", Hostname: "app", Dns: "127.0.0.1",
		Env:    map[string]string{"GREETING": "hello, \"world\" =\n2", "EMPTY": ""},
		Memory: 256 << 20, Cpus: 1, Pids: 64, OpenFiles: 512,
		NetworkNamespace: network.Path(), SeccompProfile: filepath.Join(dir, "seccomp.json"),
		Stdout: l.fifos[0].Path, Stderr: l.fifos[1].Path,
		Mounts: []*sdk.Mount{{Source: filepath.Join(dir, "in"), Target: "/in"}, {Source: filepath.Join(dir, "out"), Target: "/out", Writable: true}},
	}
	return l
}

func (l *launched) start() error {
	start := time.Now()
	_, err := l.Start(l.t.Context(), l.request)
	l.t.Logf("Start: %v", time.Since(start))
	for _, f := range l.fifos {
		if err := f.Opened(); err != nil {
			l.t.Error(err)
		}
	}
	return err
}

// wait returns the exit code and the console.
func (l *launched) wait() (int32, []byte, []byte) {
	l.t.Helper()
	start := time.Now()
	r, err := l.Wait(l.t.Context(), &sdk.WaitRequest{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("Wait: %v", time.Since(start))
	return r.GetExitCode(), <-l.stdout, <-l.stderr
}

// launch runs command to its end.
func launch(t testing.TB, command ...string) (int32, []byte, []byte) {
	t.Helper()
	l := prepare(t, command...)
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	return l.wait()
}
