package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// drain bounds how long a program's output is waited for after its end.
const drain = 10 * time.Second

// child is another program of a release. What simulates hardware, or runs a room, is
// never linked into the command line.
type child struct {
	name     string
	path     string
	args     []string
	out, err io.Writer
}

// run runs the program to its end. The first SIGINT, SIGTERM or hang-up that this process
// gets is passed on, once: the program closes in order, and its exit code is the result.
// An end other than 0 is an errShown of the code's kind: the program has said why.
func (p child) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Stdout, cmd.Stderr = p.out, p.err
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	// In a group of its own it does not also get the terminal's Ctrl-C. Should this
	// process be killed, it still closes in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = drain

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	started, over := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // Pdeathsig is sent when the thread that started it ends
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			over <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fault.New(fault.Unavailable, p.name, "start: %w", err)
	}
	first := signals
	for {
		select {
		case s := <-first:
			first = nil
			if s == syscall.SIGHUP { // the terminal is gone: an orderly end
				s = syscall.SIGTERM
			}
			_ = cmd.Process.Signal(s) // fails only if it has ended, which the other case sees
		case err := <-over:
			return p.ended(cmd.ProcessState, err)
		}
	}
}

// ended turns an exit code into an error of the kind that has it.
func (p child) ended(state *os.ProcessState, err error) error {
	code := state.ExitCode()
	if code == 0 {
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			return fault.New(fault.Unavailable, p.name, "%w", err)
		}
		return nil
	}
	for n := int(fault.Usage); n >= 0; n-- { // downwards: 7 is Unavailable
		if k := fault.Kind(n); code == fault.Exit(&fault.Error{Kind: k}) {
			return errShown{fault.New(k, p.name, "exit code %d", code)}
		}
	}
	return fault.New(fault.Internal, p.name, "ended without a documented exit code (%s)", state)
}

const releaseUsage = "`folder` of a built release (default: the one that this program is in)"

// release returns dir, or the folder above the bin that this program lies in.
func release(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	self, err := os.Executable()
	if err != nil {
		return "", fault.New(fault.Internal, "release", "%w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", fault.New(fault.Unavailable, "release", "%w", err)
	}
	return filepath.Dir(filepath.Dir(self)), nil
}

// part returns the path of a file of the release that must be there.
func part(release string, elem ...string) (string, error) {
	path := filepath.Join(append([]string{release}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		return "", fault.New(fault.Unavailable, "release", "%s has no %s: run `make release`, or name another with --release", release, filepath.Join(elem...))
	}
	return path, nil
}

// needsRoot is Unavailable for anybody but root, and says how to become it.
func needsRoot(op, command string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	return fault.New(fault.Unavailable, op, "needs root, for namespaces, mounts and a packet filter. Run: sudo %s", command)
}
