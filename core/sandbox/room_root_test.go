package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// patience bounds waits; nothing is asserted to be faster.
const patience = 60 * time.Second

func roomCommand(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	needs.Root(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, os.Args[0], append([]string{"-in-room", role}, args...)...)
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -2
	}
	return 0
}

func TestCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		role       string
		code       int
		wantOut    string
		wantStderr string
	}{
		"the room's code is the outer one's":            {"exit-42", 42, "", ""},
		"a room killed from inside is internal":         {"die", 1, "", "ended by signal 9"},
		"orphans are reaped":                            {"orphans", 0, "none left", ""},
		"a plugin's memfd runs though nothing can dump": {"exec-memfd", 0, "ran", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := roomCommand(t, tc.role)
			var out, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &stderr
			err := cmd.Run()
			if exitCode(err) != tc.code || !strings.Contains(out.String(), tc.wantOut) || !strings.Contains(stderr.String(), tc.wantStderr) {
				t.Errorf("room %s: %v, stdout %q, stderr %q; want code %d, %q, %q", tc.role, err, &out, &stderr, tc.code, tc.wantOut, tc.wantStderr)
			}
		})
	}
}

func TestRolesAreNotForCallers(t *testing.T) {
	for _, role := range []string{"cleanroom-init", "cleanroom-room"} {
		t.Run(role+" outside a room is refused", func(t *testing.T) {
			cmd := roomCommand(t, "exit-42")
			cmd.Args[0] = role
			out, err := cmd.CombinedOutput()
			if exitCode(err) != 2 || !strings.Contains(string(out), "alone") {
				t.Errorf("%s: %v, %s; want code 2", role, err, out)
			}
		})
	}
}

func TestSignalsReachTheRoomOnce(t *testing.T) {
	cmd := roomCommand(t, "signals")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
		s := syscall.SIGINT
		if lines.Text() == syscall.SIGINT.String() {
			s = syscall.SIGTERM
		}
		// As a terminal does: to the whole group.
		if lines.Text() != syscall.SIGTERM.String() {
			if err := syscall.Kill(-cmd.Process.Pid, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); exitCode(err) != 130 {
		t.Errorf("ended with %v, want 130", err)
	}
	if want := []string{"ready", "interrupt", "terminated"}; !slices.Equal(got, want) {
		t.Errorf("the room saw %q, want %q", got, want)
	}
}

// child returns the only child of pid.
func child(t *testing.T, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for f := range strings.FieldsSeq(string(b)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%d has no child", pid)
	return 0
}

func TestEverythingDiesWithAnyOfThree(t *testing.T) {
	for _, who := range []string{"outer", "init", "room"} {
		t.Run("kill -9 of "+who, func(t *testing.T) {
			cmd := roomCommand(t, "hold")
			out, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd.Stdout = w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			lines := bufio.NewReader(out)
			if line, err := lines.ReadString('\n'); line != "held\n" {
				t.Fatalf("read %q, %v", line, err)
			}
			first := child(t, cmd.Process.Pid)
			pids := map[string]int{"outer": cmd.Process.Pid, "init": first, "room": child(t, first)}

			// The kernel tells a watch when its file system ends.
			watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
			if err != nil {
				t.Fatal(err)
			}
			events := os.NewFile(uintptr(watch), "inotify")
			defer events.Close()
			for _, path := range []string{"/run/inner/plain", "/tmp/plain"} {
				if _, err := unix.InotifyAddWatch(watch, fmt.Sprintf("/proc/%d/root%s", pids["room"], path), unix.IN_OPEN); err != nil {
					t.Fatal(err)
				}
			}
			if err := syscall.Kill(pids[who], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			// The adopted grandchild holds the pipe: it ends when that is dead.
			if err := out.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
				t.Fatalf("reading the grandchild's end: %q, %v", rest, err)
			}
			if err := events.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			unmounted := 0
			buf := make([]byte, unix.SizeofInotifyEvent)
			for unmounted < 2 {
				n, err := events.Read(buf)
				if err != nil {
					t.Fatalf("waiting for both file systems to end: %d ended, %v", unmounted, err)
				}
				if n == len(buf) && binary.NativeEndian.Uint32(buf[4:])&unix.IN_UNMOUNT != 0 {
					unmounted++
				}
			}
			_ = cmd.Wait()
		})
	}
}

func TestInside(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	for _, dir := range []string{in, out} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte("from the host"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := roomCommand(t, "report", "-bind-in", in, "-bind-out", filepath.Base(out))
	cmd.Dir = filepath.Dir(out)
	cmd.Env = append(os.Environ(), "HTTP_PROXY=http://user:password@proxy")
	leak, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	cmd.ExtraFiles = []*os.File{leak, leak}
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var f facts
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	want := map[string]string{"/": "read-only file system", "/etc": "read-only file system", "/usr": "read-only file system",
		"/tmp": "ok", "/var/tmp": "ok", "/run": "ok", "/dev/shm": "ok",
		"/run/cleanroom/in/in-1": "read-only file system", "/run/cleanroom/out/out-1": "ok"}
	if !maps.Equal(f.Writes, want) {
		t.Errorf("writing gave %v, want %v", f.Writes, want)
	}
	if _, err := os.Stat(filepath.Join(out, "cleanroom-test-written")); err != nil {
		t.Errorf("the writable bind: %v", err)
	}
	for _, dir := range []string{"/run", "/tmp", "/var/tmp", "/dev/shm"} {
		if f.Mounts[dir] != "tmpfs" || !strings.Contains(f.Flags[dir], "nosuid,nodev") || !strings.Contains(f.Flags[dir], "size=") {
			t.Errorf("%s is %s %s, want a bounded tmpfs", dir, f.Mounts[dir], f.Flags[dir])
		}
		if _, err := os.Stat(filepath.Join(dir, "cleanroom-test-written")); err == nil {
			t.Errorf("%s of the host was written", dir)
		}
	}
	for at, flags := range f.Flags {
		if strings.Contains(flags, "shared:") || strings.Contains(flags, "master:") {
			t.Errorf("mount %s propagates: %s", at, flags)
		}
	}
	for _, dir := range []string{"/run/cleanroom/in/in-1", "/run/cleanroom/out/out-1"} {
		if f.In[dir] != "from the host" {
			t.Errorf("%s/file = %q", dir, f.In[dir])
		}
	}
	if f.Hostname != "room-test" || f.Cwd != "/" || f.Dumpable != 0 || f.Core != 0 {
		t.Errorf("host name %q, folder %q, dumpable %d, core %d", f.Hostname, f.Cwd, f.Dumpable, f.Core)
	}
	if slices.ContainsFunc(f.Env, func(s string) bool { return strings.Contains(s, "PROXY") }) || len(f.Env) != 3 {
		t.Errorf("environment %q", f.Env)
	}
	if !slices.Equal(f.FDs, []string{"0", "1", "2"}) {
		t.Errorf("descriptors %s, want 0 1 2", f.FDs)
	}
	if len(f.Procs) != 2 {
		t.Errorf("processes %v, want init and the room", f.Procs)
	}
	if _, err := os.Stat("/etc/resolv.conf"); err == nil && !f.Resolv {
		t.Error("resolv.conf is lost")
	}
}
