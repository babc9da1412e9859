package sandbox

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// initialise is PID 1 of the room: it builds the mount namespace, starts the
// room process, reaps, and ends with it. Its own end is the end of everything.
func initialise(o Options) (int, error) {
	if os.Getpid() != 1 {
		return 0, fault.New(fault.Usage, opEnter, "%s is started by the program itself alone", roleInit)
	}
	runtime.LockOSThread() // Pdeathsig of the room process, as in outer
	if err := closeOnExec(); err != nil {
		return 0, err
	}
	if err := NoCoreDumps(); err != nil {
		return 0, err
	}
	if err := o.mounts(); err != nil {
		return 0, err
	}
	name := o.Hostname
	if name == "" {
		name = "cleanroom"
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return 0, fault.New(fault.Invalid, opEnter, "host name %.80q: %w", name, err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, fault.New(fault.Unavailable, opEnter, "%w", err)
	}
	pid, err := syscall.ForkExec("/proc/self/exe", append([]string{roleRoom}, os.Args[1:]...), &syscall.ProcAttr{
		Dir: "/", Env: environment(), Files: []uintptr{null.Fd(), 1, 2},
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, fault.New(fault.Internal, opEnter, "starting the room process: %w", err)
	}
	var passed atomic.Int32 // the last signal that was passed on
	go forward(os.NewFile(lifelineFD, "lifeline"), pid, &passed)
	return reap(pid, &passed)
}

// forward sends the room process what the outer one got, and ends everything
// when that is gone: with it nobody is left to answer to.
func forward(lifeline *os.File, pid int, passed *atomic.Int32) {
	b := make([]byte, 1)
	for {
		if n, err := lifeline.Read(b); n != 1 || err != nil {
			os.Exit(fault.Exit(fault.New(fault.Internal, opEnter, "the outer process is gone")))
		}
		passed.Store(int32(b[0]))
		_ = syscall.Kill(pid, syscall.Signal(b[0])) // gone already: reap ends us
	}
}

// reap waits for every child, also adopted ones, until the room process ends.
func reap(room int, passed *atomic.Int32) (int, error) {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, fault.New(fault.Internal, opEnter, "waiting for the room process: %w", err)
		case pid != room:
			continue
		case ws.Exited():
			return ws.ExitStatus(), nil
		}
		if int32(ws.Signal()) == passed.Load() {
			// It came before the room process listened: nothing was begun.
			return 0, fault.New(fault.Interrupted, opEnter, "ended on request before it began (%v)", ws.Signal())
		}
		return 0, fault.New(fault.Internal, opEnter, "the room process was ended by signal %d (%v)", ws.Signal(), ws.Signal())
	}
}
