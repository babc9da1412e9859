package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// The room's three processes, by the first argument that says their role; the
// outer one is the one that was started.
const (
	outerProcess = ""
	initProcess  = "cleanroom-init"
	roomProcess  = "cleanroom-room"
)

// TestKilledRoomLeavesNothing kills each of the room's three processes, at
// several stages, with the one signal that none of them can answer.
func TestKilledRoomLeavesNothing(t *testing.T) {
	stand(t, func(c command) {
		for _, stage := range []string{"attest", "fence", "mount", "start"} {
			for name, role := range map[string]string{"outer": outerProcess, "init": initProcess, "room": roomProcess} {
				t.Run(name+" after "+stage, func(t *testing.T) {
					before := look()
					var at time.Time
					e := c.run(t, nil, func(s string, outer int) {
						if s == stage && at.IsZero() {
							at = time.Now()
							kill(t, outer, role)
						}
					})
					if at.IsZero() {
						t.Fatalf("ended before: %s", e.log)
					}
					more := before.left()
					t.Logf("gone after %s", time.Since(at).Round(time.Millisecond))
					if len(more) > 0 {
						t.Errorf("left behind: %q", more)
					}
					if killed := e.state.Sys().(syscall.WaitStatus).Signaled(); killed != (role == outerProcess) {
						t.Errorf("ended as %v", e.state)
					}
					if role != outerProcess && (e.state.ExitCode() != 1 || len(e.said) != 1) {
						t.Errorf("exit code %d with %q, want 1 with a line that says why", e.state.ExitCode(), e.said)
					}
				})
			}
		}
	}, sleeps...)
}

// kill ends one of the room's processes.
func kill(t *testing.T, outer int, role string) {
	t.Helper()
	if role == outerProcess {
		if err := syscall.Kill(outer, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		return
	}
	for _, pid := range demo.Descendants(outer) {
		args, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err == nil && strings.HasPrefix(string(args), role+"\x00") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("no process %s below %d", role, outer)
}
