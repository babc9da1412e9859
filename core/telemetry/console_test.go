package telemetry_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func console(t *testing.T, limit int64) (c *telemetry.Console, stdout, stderr string) {
	t.Helper()
	c, err := telemetry.NewConsole(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr = c.Paths()
	return c, stdout, stderr
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
	c, o, e := console(t, 1<<20)
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
	c, o, e := console(t, 1000)
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
	c, o, e := console(t, 1000)
	play(t, o, e, `head -c 1000 /dev/zero`)
	if err := c.Finish(); err != nil {
		t.Errorf("Finish = %v: the limit itself is allowed", err)
	}
}

func TestConsoleOfASilentApplication(t *testing.T) {
	c, _, _ := console(t, 10)
	if err := c.Finish(); err != nil {
		t.Errorf("Finish = %v", err)
	}
	if got := read(t, c, "stdout"); len(got) != 0 {
		t.Errorf("stdout: %q", got)
	}
}

func TestConsoleHeldOpenDoesNotHang(t *testing.T) {
	c, o, _ := console(t, 10)
	f, err := os.OpenFile(o, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.Finish(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Finish with a writer left = %v, want Unavailable", err)
	}
}

func TestNewConsoleRefuses(t *testing.T) {
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, "stderr"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		dir   string
		limit int64
	}{
		"no limit is refused":           {t.TempDir(), 0},
		"a missing folder is refused":   {filepath.Join(taken, "none"), 1},
		"a name that is taken, as well": {taken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := telemetry.NewConsole(tc.dir, tc.limit); err == nil {
				_ = c.Finish()
				t.Error("NewConsole takes it")
			}
		})
	}
}
