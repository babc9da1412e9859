package wire

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// child is a plugin's process. One operating system thread is its parent for as long as it
// lives: the death signal is tied to that thread, and what the thread gives up before it
// forks (new privileges, the capability bounding set) the child can never have. The thread
// ends with the child.
type child struct {
	pid  int
	dead chan struct{} // closed when the process has been waited for
	err  error         // how it ended; read after dead is closed

	mu     sync.Mutex
	reaped bool // pid may be another's by now; guarded by mu
}

// start runs cmd as c says. It returns once the process runs or could not be started.
func start(cmd *exec.Cmd, privileged bool) (*child, error) {
	// What the host itself inherited without close-on-exec must not pass on.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return nil, fmt.Errorf("close_range: %w", err)
	}
	c := &child{dead: make(chan struct{})}
	started := make(chan error)
	onThread(func() {
		if !privileged {
			if err := confine(); err != nil {
				started <- err
				return
			}
		}
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.pid = cmd.Process.Pid
		started <- nil
		c.wait(cmd)
	})
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// onThread runs f on a thread that ends with it. It is never the main thread, whose state
// others take for the process's, and which Go does not end.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is spoilt
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		taken := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(taken)
			f()
		}()
		<-taken
		runtime.UnlockOSThread()
	}()
}

// confine takes from this thread, and so from all it starts, the way to any privilege.
func confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no-new-privileges: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil // nothing to drop, nor the right to drop it
	}
	last, err := lastCapability()
	if err != nil {
		return err
	}
	for n := range last + 1 {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, n, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d from the bounding set: %w", n, err)
		}
	}
	return nil
}

// lastCapability is the highest capability that this kernel knows.
func lastCapability() (uintptr, error) {
	b, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 6)
	return uintptr(n), err
}

// attributes says as whom the child runs, and that it dies with its parent thread. An own
// session keeps the terminal's signals from it: the host ends it, in order.
func attributes(uid uint32) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if uid != uint32(os.Geteuid()) {
		attr.Credential = &syscall.Credential{Uid: uid, Gid: group(uid)} // and no supplementary group
	}
	return attr
}

// group is the group that a plugin of this user runs in: its own number, or the host's group
// where the host runs it as itself.
func group(uid uint32) uint32 {
	if uid == uint32(os.Geteuid()) {
		return uint32(os.Getegid())
	}
	return uid
}

// wait returns when the process is dead, and takes along what it left in its group.
func (c *child) wait(cmd *exec.Cmd) {
	for { // WNOWAIT: until it is waited for, nobody else can get its number
		err := unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	c.mu.Lock()
	unix.Kill(-c.pid, unix.SIGKILL)
	c.err = cmd.Wait()
	c.reaped = true
	c.mu.Unlock()
	close(c.dead)
}

// kill ends the process and its group.
func (c *child) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return nil
	}
	return unix.Kill(-c.pid, unix.SIGKILL)
}
