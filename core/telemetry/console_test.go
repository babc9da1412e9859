package telemetry_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/internal/needs"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
)

func fifos(t *testing.T) (stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	stdout, stderr = filepath.Join(dir, "o"), filepath.Join(dir, "e")
	for _, p := range []string{stdout, stderr} {
		if err := syscall.Mkfifo(p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return stdout, stderr
}

// play runs a shell script with the two FIFOs as its stdout and stderr.
func play(t *testing.T, stdout, stderr, script string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), needs.Program(t, "sh"), "-c", `exec >"$0" 2>"$1"; `+script, stdout, stderr).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func read(t *testing.T, c *telemetry.Console, name string) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "console")
	if err := c.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConsoleIsByteExact(t *testing.T) {
	o, e := fifos(t)
	c, err := telemetry.OpenConsole(o, e, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	play(t, o, e, `printf 'a\000\377b'; head -c 300000 /dev/zero; printf 'err\r\n' >&2`)
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	want := append([]byte("a\x00\xffb"), make([]byte, 300000)...)
	if got := read(t, c, "stdout"); !bytes.Equal(got, want) {
		t.Errorf("stdout: %d bytes, want %d", len(got), len(want))
	}
	if got := read(t, c, "stderr"); string(got) != "err\r\n" {
		t.Errorf("stderr: %q", got)
	}
	select {
	case err := <-c.Over():
		t.Errorf("Over = %v", err)
	default:
	}
}

func TestConsoleLimit(t *testing.T) {
	o, e := fifos(t)
	c, err := telemetry.OpenConsole(o, e, 1000)
	if err != nil {
		t.Fatal(err)
	}
	play(t, o, e, `head -c 600 /dev/zero; head -c 5000000 /dev/zero >&2`) // never waits for us
	select {
	case err := <-c.Over():
		if fault.KindOf(err) != fault.Failed {
			t.Errorf("Over = %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody says that it was too much")
	}
	if err := c.Finish(); fault.KindOf(err) != fault.Failed {
		t.Errorf("Finish = %v, want Failed", err)
	}
	if n := len(read(t, c, "stdout")) + len(read(t, c, "stderr")); n != 1000 {
		t.Errorf("kept %d bytes, want 1000", n)
	}
}

func TestConsoleLimitIsExact(t *testing.T) {
	o, e := fifos(t)
	c, err := telemetry.OpenConsole(o, e, 1000)
	if err != nil {
		t.Fatal(err)
	}
	play(t, o, e, `head -c 1000 /dev/zero`)
	if err := c.Finish(); err != nil {
		t.Errorf("Finish = %v: the limit itself is allowed", err)
	}
}

func TestConsoleOfASilentApplication(t *testing.T) {
	o, e := fifos(t)
	c, err := telemetry.OpenConsole(o, e, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Finish(); err != nil {
		t.Errorf("Finish = %v", err)
	}
	if got := read(t, c, "stdout"); len(got) != 0 {
		t.Errorf("stdout: %q", got)
	}
}

func TestConsoleHeldOpenDoesNotHang(t *testing.T) {
	o, e := fifos(t)
	c, err := telemetry.OpenConsole(o, e, 10)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(o, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.Finish(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Finish with a writer left = %v, want Unavailable", err)
	}
}

func TestOpenConsoleRefuses(t *testing.T) {
	o, e := fifos(t)
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := plain + ".link"
	if err := os.Symlink(e, link); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		stdout, stderr string
		limit          int64
	}{
		"no limit is refused":       {o, e, 0},
		"a missing FIFO is refused": {o, e + "x", 1},
		"a plain file is refused":   {plain, e, 1},
		"a link is refused":         {o, link, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := telemetry.OpenConsole(tc.stdout, tc.stderr, tc.limit); err == nil {
				_ = c.Finish()
				t.Error("OpenConsole takes it")
			}
		})
	}
}
