package volume_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Roles of the test binary beside the tests and a plugin.
const (
	ownNamespace = "VOLUME_TEST_NAMESPACE" // the tests, inside a mount namespace of their own
	helperRole   = "VOLUME_TEST_HELPER"    // a reader of a mount: see helper_test.go
)

// TestMain runs the tests in a mount namespace of their own, so that no mount can
// be left behind, whatever ends them.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		sdk.Serve(&store{}, manifestOfStore) // see store_test.go
		return
	}
	if role := os.Getenv(helperRole); role != "" {
		os.Exit(help(role, os.Args[1:]))
	}
	if os.Geteuid() != 0 || os.Getenv(ownNamespace) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), ownNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // Pdeathsig comes with the end of the thread that started the child
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit):
		os.Exit(max(1, exit.ExitCode()))
	}
	// A namespace is not allowed here: the tests that mount say themselves what they need.
	os.Exit(m.Run())
}
