package scratch

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// helperRole makes the test binary another program that uses a mount. A fault on a
// mapped page stops a thread where Go's runtime cannot, so the process that serves must not do it.
const helperRole = "CLEANROOM_SCRATCH_HELPER"

func TestMain(m *testing.M) {
	role := os.Getenv(helperRole)
	if role == "" {
		os.Exit(m.Run())
	}
	err := map[string]func([]string) error{
		"random": randomOperations, "mapped": writeMapped, "serve": serveUntilKilled, "open": holdOpen,
	}[role](os.Args[1:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func helper(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Env = []string{helperRole + "=" + role}
	return cmd
}

func runHelper(t testing.TB, role string, args ...string) string {
	t.Helper()
	out, err := helper(t, role, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", role, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// mounted is a volume of size bytes, whose spool keeps memory of them in clear.
func mounted(t testing.TB, size, memory int64) *Volume {
	t.Helper()
	needs.Root(t)
	needs.Device(t, "/dev/fuse")
	s, err := NewSpool(t.TempDir(), memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	v, err := Mount(t.TempDir(), s, Options{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if n := v.used.Load(); n != 0 {
			t.Errorf("%d pages are counted after the end", n)
		}
	})
	return v
}
