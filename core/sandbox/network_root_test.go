package sandbox_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func network(t *testing.T) *sandbox.Network {
	t.Helper()
	needs.Root(t)
	n, err := sandbox.NewNetwork(filepath.Join(t.TempDir(), "app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func threadNamespace(t *testing.T) string {
	t.Helper()
	s, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNetworkIsDownUntilUp(t *testing.T) {
	n := network(t)
	if err := n.Do(func() error {
		c, err := net.Dial("udp", "127.0.0.1:53")
		if err == nil {
			c.Close()
			t.Error("a connect before the link is up succeeds")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := n.Up(); err != nil {
		t.Fatal(err)
	}
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the socket inside is reachable from outside")
	}
	accepted := make(chan net.Addr, 1)
	go func() {
		c, err := l.Accept() // by a goroutine outside
		if err != nil {
			close(accepted)
			return
		}
		accepted <- c.RemoteAddr()
		c.Close()
	}()
	if err := n.Do(func() error {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			c.Close()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if from := <-accepted; from == nil {
		t.Error("nothing was accepted")
	}
}

func TestNetworkHasNothingButLo(t *testing.T) {
	n := network(t)
	if err := n.Up(); err != nil {
		t.Fatal(err)
	}
	if err := n.Do(func() error {
		devices, err := net.Interfaces()
		if err != nil {
			return err
		}
		for _, d := range devices {
			if d.Flags&net.FlagUp != 0 && d.Name != "lo" {
				t.Errorf("%s is up", d.Name)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// A route to anywhere, so that a connect reaches the packet filter, and a
	// source address, so that the answer finds back.
	for _, dst := range []string{"198.51.100.7:80", "[2001:db8::7]:80"} {
		if strings.HasPrefix(dst, "[") {
			if v6, err := sandbox.IPv6(); err != nil || !v6 {
				continue
			}
		}
		if err := n.Do(func() error {
			c, err := net.Dial("udp", dst)
			if err != nil {
				return err
			}
			defer c.Close()
			if from := c.LocalAddr().(*net.UDPAddr).IP.String(); from != sandbox.Address4 && from != sandbox.Address6 {
				t.Errorf("to %s from %s", dst, from)
			}
			return nil
		}); err != nil {
			t.Errorf("a route to %s: %v", dst, err)
		}
	}
}

func TestNetworkPacketsAndProcesses(t *testing.T) {
	n := network(t)
	if err := n.Up(); err != nil {
		t.Fatal(err)
	}
	c, err := n.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	var inside string
	if err := n.Do(func() error { inside = threadNamespace(t); return nil }); err != nil {
		t.Fatal(err)
	}
	if inside == threadNamespace(t) {
		t.Error("Do runs in the caller's namespace")
	}
	cmd := exec.Command("readlink", "/proc/self/ns/net")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := n.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != inside {
		t.Errorf("the process is in %s, want %s", got, inside)
	}
	// After many calls no thread of the pool is left inside.
	for range 50 {
		if got := threadNamespace(t); got == inside {
			t.Fatal("a thread stayed inside")
		}
		if err := n.Do(func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNetworkRefuses(t *testing.T) {
	n := network(t)
	for _, addr := range []string{"localhost:80", ":80", "127.0.0.1", "example.com:80", ""} {
		if _, err := n.Listen("tcp", addr); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("Listen(%q) = %v, want invalid", addr, err)
		}
	}
	if _, err := sandbox.NewNetwork(n.Path()); err == nil {
		t.Error("a namespace was bound over another")
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Do(func() error { t.Error("run after Close"); return nil }); err == nil {
		t.Error("Do after Close succeeds")
	}
	if _, err := os.Stat(n.Path()); !os.IsNotExist(err) {
		t.Errorf("after Close %s: %v", n.Path(), err)
	}
}

func TestFifo(t *testing.T) {
	f, err := sandbox.NewFifo(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if st, err := os.Stat(f.Path); err != nil || st.Mode() != os.ModeNamedPipe|0o600 {
		t.Errorf("fifo %v, %v", st, err)
	}
	got := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = b.ReadFrom(f)
		got <- b.String()
	}()
	w, err := os.OpenFile(f.Path, os.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Opened(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("to the last byte"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if s := <-got; s != "to the last byte" {
		t.Errorf("read %q", s)
	}
}
