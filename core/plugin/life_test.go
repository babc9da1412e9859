package plugin_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
)

func TestKilledPluginIsNoticed(t *testing.T) {
	p := started(t, install(t, "source/good"))
	if err := p.Err(); err != nil {
		t.Fatalf("Err of a running plugin = %v", err)
	}
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), "a/b c")
	if err != nil {
		t.Fatal(err)
	}
	hanging := make(chan error)
	go func() {
		_, err := s.Stat(t.Context(), "hang")
		hanging <- err
	}()
	begin := time.Now()
	if err := syscall.Kill(p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	t.Logf("noticed after %v", time.Since(begin))
	if err := p.Err(); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err = %v, want Unavailable with the signal", err)
	}
	if err := <-hanging; fault.KindOf(err) != fault.Unavailable {
		t.Errorf("call in flight = %v (%v), want Unavailable", err, fault.KindOf(err))
	}
	if _, err := s.Stat(t.Context(), "a/b c"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Stat = %v (%v), want Unavailable", err, fault.KindOf(err))
	}
	if err := s.ReadRange(t.Context(), info, 0, make([]byte, 3)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("ReadRange = %v (%v), want Unavailable", err, fault.KindOf(err))
	}
}

func TestPluginThatEndsInACall(t *testing.T) {
	p := started(t, install(t, "source/good"))
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), "die"); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "exit status 9") {
		t.Errorf("Stat = %v (%v), want Unavailable with exit status 9", err, fault.KindOf(err))
	}
}

func TestCloseEndsAHangingPlugin(t *testing.T) {
	p := started(t, install(t, "source/good"))
	if err := syscall.Kill(p.Pid(), syscall.SIGSTOP); err != nil { // cannot answer, nor end itself
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	select {
	case <-p.Done():
	default:
		t.Error("Close returned before the process was gone")
	}
}

func TestCloseMayBeCalledTwiceAtOnce(t *testing.T) {
	p := started(t, install(t, "source/good"))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { p.Close() })
	}
	wg.Wait()
}

func TestCallEndsWithItsContext(t *testing.T) {
	p := started(t, install(t, "source/good"))
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Stat(ctx, "hang"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Stat past its deadline = %v (%v), want Unavailable", err, fault.KindOf(err))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Stat(ctx, "hang"); fault.KindOf(err) != fault.Interrupted {
		t.Errorf("Stat given up = %v (%v), want Interrupted", err, fault.KindOf(err))
	}
}

// hostVar makes this binary a host that starts one plugin, prints its number and waits.
const hostVar = "CLEANROOM_TEST_HOST"

func TestPluginDiesWithItsHost(t *testing.T) {
	if os.Getenv(hostVar) != "" {
		p, err := plugin.Start(context.Background(), install(t, "source/good"))
		fmt.Printf("PID %d %v\n", p.Pid(), err)
		select {}
	}
	host := exec.Command("/proc/self/exe", "-test.run=^TestPluginDiesWithItsHost$")
	dir, err := os.MkdirTemp("", "host") // the host is killed before it can clean up
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	host.Env = append(os.Environ(), hostVar+"=1", "TMPDIR="+dir)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "PID %d", &pid); err != nil || pid == 0 {
		host.Process.Kill()
		t.Fatalf("host said pid %d, %v", pid, err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	host.Wait()
	for end := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		state := "gone"
		if b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
			state = string(b[bytes.LastIndexByte(b, ')')+2:][:1])
		}
		if state == "gone" || state == "Z" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("plugin %d is still there, in state %s", pid, state)
		}
	}
}

func TestLogLinesOfAPlugin(t *testing.T) {
	var kept strings.Builder
	var mu sync.Mutex
	o := install(t, "source/good")
	o.Log = slog.New(slog.NewJSONHandler(locked{&mu, &kept}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Config = map[string]any{"echo": strings.Repeat("x", 20000)}
	p := started(t, o)
	p.Close()
	mu.Lock()
	defer mu.Unlock()
	if got := kept.String(); !strings.Contains(got, `"msg":"plugin log"`) || !strings.Contains(got, `"plugin":"source/good"`) ||
		!strings.Contains(got, `"cut":true`) || len(got) > 20000 {
		t.Errorf("log of %d bytes: %.600s", len(got), got)
	}
}

type locked struct {
	mu  *sync.Mutex
	out *strings.Builder
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}
