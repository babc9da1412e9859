package scratch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// start runs a helper until the test ends and returns its first line.
func start(t *testing.T, role string, args ...string) (line string, kill func()) {
	t.Helper()
	cmd := helper(t, role, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe() // its end ends the helper, should nobody kill it
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	kill = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			in.Close()
		}
	}
	t.Cleanup(kill)
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %q, %v", role, line, err)
	}
	return line, kill
}

func holdOpen(args []string) error {
	f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write([]byte("held")); err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestCloseDoesNotWaitForWhoHasAFileOpen(t *testing.T) {
	v := mounted(t, 1<<20, leastMemory)
	start(t, "open", filepath.Join(v.Dir(), "f"))
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(v.Dir()); err != nil || len(names) != 0 {
		t.Errorf("after Close: %v, %v", names, err)
	}
}

func serveUntilKilled(args []string) error {
	s, err := NewSpool(args[1], leastMemory)
	if err != nil {
		return err
	}
	if _, err := Mount(args[0], s, Options{Size: 1 << 20}); err != nil {
		return err
	}
	fmt.Println("mounted")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// A serving process that dies lets nobody wait: the kernel ends the connection with its descriptor.
func TestTheServersDeathIsAnErrorNotAHang(t *testing.T) {
	needs.Root(t)
	needs.Device(t, "/dev/fuse")
	dir := t.TempDir()
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	_, kill := start(t, "serve", dir, t.TempDir())
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kill()
	if _, err := f.Write([]byte("x")); !errors.Is(err, syscall.ENOTCONN) && !errors.Is(err, syscall.ECONNABORTED) {
		t.Errorf("write = %v, want ENOTCONN", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "g")); !errors.Is(err, syscall.ENOTCONN) && !errors.Is(err, syscall.ECONNABORTED) {
		t.Errorf("stat = %v, want ENOTCONN", err)
	}
}
