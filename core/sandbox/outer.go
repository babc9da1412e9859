package sandbox

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// lifelineFD is the descriptor at which init finds the pipe from the outer
// process: its bytes are signals to pass on, its end is the outer one's death.
// A pipe, not kill(2), because a signal that meets init before its handlers
// stand is lost.
const lifelineFD = 3

// outer starts init and waits for it.
func outer() (int, error) {
	// The thread that starts init must live as long as init: Pdeathsig is sent
	// when that thread ends. Never unlocked.
	runtime.LockOSThread()
	if err := closeOnExec(); err != nil {
		return 0, err
	}
	if err := NoCoreDumps(); err != nil { // it sees no secret, but a room leaves no core file at all
		return 0, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, fault.New(fault.Internal, opEnter, "%w", err)
	}
	defer w.Close()
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: append([]string{roleInit}, os.Args[1:]...), Env: environment(),
		Stdout: os.Stdout, Stderr: os.Stderr, ExtraFiles: []*os.File{r},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
			Pdeathsig:  syscall.SIGKILL,
			// A terminal's Ctrl-C goes to its foreground group: with a session of
			// its own the room gets it from here alone, so once.
			Setsid: true,
		},
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fault.New(fault.Unavailable, opEnter, "making the room's namespaces (root with CAP_SYS_ADMIN is needed): %w", err)
	}
	r.Close()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-over:
				return
			case s := <-signals:
				pass, _ := s.(syscall.Signal)
				if pass == syscall.SIGHUP { // the terminal is gone: an orderly end
					pass = syscall.SIGTERM
				}
				// An error means that init is gone, and Wait says so.
				_, _ = w.Write([]byte{byte(pass)})
			}
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil // init has said why
	}
	return 0, fault.New(fault.Internal, opEnter, "the room's init: %w", err)
}

// closeOnExec keeps every descriptor but the first three from children, also
// those that this process inherited itself.
func closeOnExec() error {
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fault.New(fault.Unavailable, opEnter, "close_range (Linux 5.11 is needed): %w", err)
	}
	return nil
}

// NoCoreDumps keeps this process's memory from core files, from ptrace and from
// /proc/self/mem of other users, until it executes another program.
func NoCoreDumps() error {
	const op = "sandbox.nocoredumps"
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fault.New(fault.Internal, op, "core limit: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fault.New(fault.Internal, op, "not dumpable: %w", err)
	}
	return nil
}
