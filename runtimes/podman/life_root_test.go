package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func TestStop(t *testing.T) {
	if !inARoom(t) {
		return
	}
	for name, tc := range map[string]struct {
		command string
		grace   time.Duration
		want    int32
	}{
		"an application may end by itself within the grace": {"until-term", patience, 3},
		"one that does not is killed, with its children":    {"ignore-term", 10 * time.Millisecond, 137},
		"without grace at once":                             {"ignore-term", 0, 137},
	} {
		t.Run(name, func(t *testing.T) {
			l := prepare(t, "/probe", tc.command)
			if err := l.start(); err != nil {
				t.Fatal(err)
			}
			// Until it listens, a TERM to the first process of a pid namespace is lost.
			untilReady(t, l)
			if _, err := l.Stop(t.Context(), &sdk.StopRequest{GraceMillis: tc.grace.Milliseconds()}); err != nil {
				t.Fatal(err)
			}
			if code, _, _ := l.wait(); code != tc.want {
				t.Errorf("code %d, want %d", code, tc.want)
			}
			alone(t)
			if _, err := l.Stop(t.Context(), &sdk.StopRequest{}); err != nil {
				t.Errorf("a second Stop: %v", err)
			}
		})
	}
}

// untilReady waits for the application to say that it listens.
func untilReady(t *testing.T, l *launched) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !l.said("ready") {
		select {
		case <-tick.C:
		case <-l.app.ended:
			t.Fatalf("ended: %d, %v", l.app.code, l.app.err)
		}
	}
}

// others returns the processes of the room beside its own two.
func others(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("/proc/%d/comm", os.Getpid())
	var left []string
	for _, path := range all {
		b, err := os.ReadFile(path)
		if err == nil && path != "/proc/1/comm" && path != own {
			left = append(left, path+" "+strings.TrimSpace(string(b)))
		}
	}
	return left
}

// alone waits until nothing but the room's own two processes is left; podman
// tidies up after the application has ended.
func alone(t *testing.T) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for left := others(t); len(left) > 0; left = others(t) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("processes are left: %v", left)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	if !inARoom(t) {
		return
	}
	for name, tc := range map[string]struct {
		change func(l *launched)
		want   fault.Kind
	}{
		"a command that the image has not": {func(l *launched) { l.request.Command = []string{"/nothing"} }, fault.Invalid},
		"a console that is a file":         {func(l *launched) { l.request.Stdout = l.request.SeccompProfile }, fault.Invalid},
		"a console that nobody reads":      {func(l *launched) { l.request.Stderr = unread(l.t) }, fault.Invalid},
		"an input that is not there":       {func(l *launched) { l.request.Mounts[0].Source = "/run/nothing" }, fault.Unavailable},
		"a namespace that is not there":    {func(l *launched) { l.request.NetworkNamespace = "/run/nothing" }, fault.Unavailable},
		"a filter that is not there":       {func(l *launched) { l.request.SeccompProfile = "/run/nothing" }, fault.Invalid},
		"a filter that is none":            {func(l *launched) { l.request.SeccompProfile = l.state.path("policy.json") }, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			l := prepare(t, "/probe", "report")
			tc.change(l)
			err := l.start()
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("Start = %v, want %v", err, tc.want)
			}
			t.Logf("says: %v", err)
			if _, err := l.Wait(t.Context(), &sdk.WaitRequest{}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("Wait = %v, want invalid", err)
			}
			alone(t)
		})
	}
}

func unread(t testing.TB) string {
	path := filepath.Join(tmpfs(t), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOneApplicationOnce(t *testing.T) {
	if !inARoom(t) {
		return
	}
	l := prepare(t, "/probe", "sleep")
	if _, err := l.Prepare(t.Context(), &sdk.PrepareRequest{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a second Prepare = %v", err)
	}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(t.Context(), l.request); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a second Start = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Wait(ctx, &sdk.WaitRequest{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a Wait with an end = %v", err)
	}
	// conmon's death leaves nobody to watch: then the application ends.
	pid, err := l.state.pid("run/conmon.pid")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context(), &sdk.WaitRequest{}); err == nil {
		t.Error("an application without a witness ended well")
	}
	alone(t)
}

// TestHold is the room's side of the next test.
func TestHold(t *testing.T) {
	if !*inRoom {
		return // it is run in a room by TestTheApplicationDiesWithTheRoom
	}
	l := prepare(t, "/probe", "hold", "/out/fifo")
	l.request.Mounts[1].Source = sandbox.OutDir + "/shared"
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	l.wait()
}

func TestTheApplicationDiesWithTheRoom(t *testing.T) {
	if *inRoom {
		return
	}
	needs.Root(t)
	needs.Program(t, "podman")
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.Chown(fifo, uidBase+1000, uidBase+1000), os.Chmod(fifo, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := roomCommand(t, dir)
	for i, arg := range cmd.Args {
		if arg == "-test.run" {
			cmd.Args[i+1] = "^TestHold$"
		}
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	f, err := os.OpenFile(fifo, os.O_RDONLY, 0) // returns when the application opens it
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	if line, err := lines.ReadString('\n'); line != "held\n" {
		t.Fatalf("read %q, %v", line, err)
	}
	alive := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	if n, err := unix.Poll(alive, 0); n != 0 || err != nil {
		t.Fatalf("the application has ended already: %v, %v", alive, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { _, err := lines.ReadByte(); ended <- err }()
	select {
	case <-ended: // its last descriptor is closed
	case <-time.After(patience):
		t.Fatal("the application outlives the room")
	}
}
