package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inside is the first argument of the test binary once it is in namespaces of
// its own: what a scenario leaves behind is then plain to see, and what other
// people's processes do on the machine is not seen at all.
const inside = "-e2e-inside"

// alone says why this process is not in namespaces of its own; nil when it is.
var alone = errors.New("the test binary has not made its namespaces")

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == inside {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		if alone = settle(); alone != nil {
			alone = fmt.Errorf("namespaces of its own: %w", alone)
		}
		os.Exit(m.Run())
	}
	if os.Geteuid() != 0 {
		os.Exit(m.Run()) // each test says what it needs
	}
	// The parent-death signal is sent when the thread that started the child ends.
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", append([]string{inside}, os.Args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	if alone = cmd.Start(); alone != nil {
		os.Exit(m.Run()) // each test says what it needs, and this too
	}
	// PID 1 of a namespace gets no signal for which it has no handler, as for
	// the one by which a test's limit asks for its stacks.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	go func() {
		<-signals
		_ = cmd.Process.Kill() // and so everything in its namespace
	}()
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		os.Exit(code)
	}
	fmt.Fprintln(os.Stderr, "e2e:", err)
	os.Exit(1)
}

// settle makes the namespaces usable: own propagation, own /proc, a lo that is
// up, files that nothing can write but in memory that is ours.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if err := cover(); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}
