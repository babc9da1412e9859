package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// TestMidway stops or ends what the room depends on in the middle of its work.
func TestMidway(t *testing.T) {
	for name, tc := range map[string]struct {
		changes []string
		after   string // this stage
		do      func(t *testing.T)
		want    fault.Kind
		says    string
	}{
		// Stopped first, so that a request is under way when it dies.
		"the storage dies while outputs are written": {nil, "capture", func(t *testing.T) {
			azurite := find(t, "--inMemoryPersistence")
			send(t, azurite, syscall.SIGSTOP)
			time.AfterFunc(500*time.Millisecond, func() { send(t, azurite, syscall.SIGKILL) })
		}, fault.Unavailable, "sink/azblob"},
		// Within a call's own limit of half a minute, the application's is over.
		"a storage plugin hangs while data is read": {[]string{"wallTime: 60s", "wallTime: 3s"}, "mount", func(t *testing.T) {
			send(t, find(t, "source/azblob"), syscall.SIGSTOP)
		}, fault.Failed, "ran longer than limits.wallTime"},
		"a governance service hangs while the application runs": {sleeps, "start", func(t *testing.T) {
			send(t, find(t, "bin/governance"), syscall.SIGSTOP)
		}, fault.Denied, "consent is withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			before := look()
			done := false
			begin := time.Now()
			s, err := runDemo(t, tc.changes, func(stage string) {
				if stage == tc.after && !done {
					done = true
					begin = time.Now()
					tc.do(t)
				}
			})
			if !done || fault.KindOf(err) != tc.want || s.Exit != fault.Exit(err) || !strings.Contains(s.Error, tc.says) {
				t.Errorf("done %t, then exit code %d: %v; want %v with %q", done, s.Exit, err, tc.want, tc.says)
			}
			if strings.Contains(s.Error, "\n") {
				t.Errorf("more than one line: %q", s.Error)
			}
			if more := before.left(filepath.Dir(t.TempDir())); len(more) > 0 {
				t.Errorf("left behind: %q", more)
			}
			t.Logf("%s after: %v", time.Since(begin).Round(time.Millisecond), err)
		})
	}
}

// runDemo runs the demo in this process, with a changed specification.
func runDemo(t *testing.T, changes []string, at func(stage string)) (demo.Summary, error) {
	t.Helper()
	m := parts(t)
	var out bytes.Buffer
	s, err := demo.Run(t.Context(), demo.Options{
		Release: m.release, Files: changed(t, m.files, changes), Envoy: m.envoy, Azurite: m.azurite, Node: m.node, Collector: m.collector, Out: &out,
		OnStage: func(stage string, _ int) { at(stage) },
	})
	if t.Failed() {
		t.Log(out.String())
	}
	return s, err
}

// find returns the process that has an argument which ends in suffix.
func find(t *testing.T, suffix string) int {
	t.Helper()
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		args, err := os.ReadFile(filepath.Join(d, "cmdline"))
		if pid, _ := strconv.Atoi(filepath.Base(d)); err == nil && pid != os.Getpid() {
			for _, a := range strings.Split(string(args), "\x00") {
				if strings.HasSuffix(a, suffix) {
					return pid
				}
			}
		}
	}
	t.Errorf("no process %s", suffix)
	return os.Getpid()
}

func send(t *testing.T, pid int, s syscall.Signal) {
	if pid == os.Getpid() {
		return
	}
	if err := syscall.Kill(pid, s); err != nil {
		t.Errorf("%v: %v", s, err)
	}
}
