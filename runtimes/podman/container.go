package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// container is the application while it runs and after.
type container struct {
	app, conmon int // descriptors of their processes (pidfd_open(2))

	ended chan struct{} // closed when the two below are set
	code  int32
	err   error
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// run starts the container and returns when it runs.
func (s *state) run(ctx context.Context, args []string, stdout, stderr string) (*container, error) {
	const op = "podman.start"
	out, err := openFifo(stdout)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	errs, err := openFifo(stderr)
	if err != nil {
		return nil, err
	}
	// podman's own complaint and the application's stderr come through the same
	// descriptor, one or the other: so a pipe, and its end decides whose it was.
	r, w, err := os.Pipe()
	if err != nil {
		errs.Close()
		return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
	}
	cmd := s.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, w
	err = cmd.Run()
	w.Close()
	if err != nil {
		words := "what it says may be the application's, and is not shown"
		if _, started := s.pid("run/app.pid"); started != nil {
			text, _ := io.ReadAll(io.LimitReader(r, 64<<10)) // what there is of it
			words = said(text)
		}
		s.abandon()
		r.Close()
		errs.Close()
		return nil, sdk.Errorf(startKind(err), op, "podman run: %w: %s", err, words)
	}
	c := &container{ended: make(chan struct{}), app: -1, conmon: -1}
	if c.conmon, err = s.pidfd("run/conmon.pid"); err == nil {
		c.app, err = s.pidfd("run/app.pid")
	}
	if err != nil {
		s.abandon()
		r.Close()
		errs.Close()
		return nil, err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(errs, r)
		copied <- errors.Join(err, errs.Close(), r.Close())
	}()
	go s.finish(c, copied)
	return c, nil
}

// startKind tells a command that the image does not have (126 and 127, as in a
// shell) from a podman that cannot work here.
func startKind(err error) sdk.Kind {
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 126 || exit.ExitCode() == 127) {
		return sdk.Invalid
	}
	return sdk.Unavailable
}

// openFifo opens a FIFO that somebody reads, for writing and waiting.
func openFifo(path string) (*os.File, error) {
	const op = "podman.start"
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "console %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		f.Close()
		return nil, sdk.Errorf(sdk.Invalid, op, "console %s: is no FIFO", path)
	}
	// The application gets this very description: it may not find it non-blocking.
	if err := unix.SetNonblock(fd, false); err != nil {
		f.Close()
		return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
	}
	return f, nil
}

func (s *state) pid(name string) (int, error) {
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err == nil && n <= 1 {
		err = errors.New("is no process")
	}
	return n, err
}

// pidfd returns a descriptor of a process, or -1 when it has ended already.
func (s *state) pidfd(name string) (int, error) {
	pid, err := s.pid(name)
	if err != nil {
		return -1, sdk.Errorf(sdk.Internal, "podman.start", "%s: %w", name, err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return -1, nil
	}
	if err != nil {
		return -1, sdk.Errorf(sdk.Unavailable, "podman.start", "pidfd_open (Linux 5.3 is needed): %w", err)
	}
	return fd, nil
}

// abandon ends what a start that went wrong may have left.
func (s *state) abandon() {
	for _, name := range []string{"run/app.pid", "run/conmon.pid"} {
		if pid, err := s.pid(name); err == nil {
			_ = unix.Kill(pid, unix.SIGKILL) // gone already is as good
		}
	}
}

// finish waits for the end of everything and learns how it ended.
func (s *state) finish(c *container, copied <-chan error) {
	defer close(c.ended)
	const op = "podman.wait"
	err := waitPidfd(c.conmon)
	// conmon outlives the application. Where it did not, nobody watches it.
	kill(c.app, unix.SIGKILL)
	if err := errors.Join(err, waitPidfd(c.app)); err != nil {
		c.err = sdk.Errorf(sdk.Internal, op, "%w", err)
		return
	}
	if err := <-copied; err != nil {
		c.err = sdk.Errorf(sdk.Unavailable, op, "passing on stderr: %w", err)
		return
	}
	text, err := s.output(context.Background(), op, "container", "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "application")
	if err != nil {
		c.err = err
		return
	}
	status, number, _ := strings.Cut(text, " ")
	code, err := strconv.ParseInt(number, 10, 32)
	if err != nil || status != "exited" || code < 0 || code > 255 {
		c.err = sdk.Errorf(sdk.Internal, op, "podman says of the ended application: %.80q", text)
		return
	}
	c.code = int32(code)
}

// waitPidfd returns when the process has ended; -1 has.
func waitPidfd(fd int) error {
	if fd < 0 {
		return nil
	}
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(p, -1)
		if n > 0 {
			return nil
		}
		if err != unix.EINTR {
			return err
		}
	}
}

func kill(fd int, s unix.Signal) {
	if fd >= 0 {
		_ = unix.PidfdSendSignal(fd, s, nil, 0) // gone already is as good
	}
}

// stop ends the application's first process, and with it, by the pid namespace,
// all others: TERM, and KILL when grace is over.
func (c *container) stop(ctx context.Context, grace time.Duration) error {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	kill(c.app, unix.SIGTERM)
	select {
	case <-c.ended:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	kill(c.app, unix.SIGKILL)
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return sdk.Errorf(sdk.Unavailable, "podman.stop", "%w", ctx.Err())
	}
}
