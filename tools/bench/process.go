package bench

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a program that runs beside this one and dies with it.
type process struct {
	cmd  *exec.Cmd
	over chan struct{} // closed when it has ended
}

func start(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd, make(chan struct{})}
	up := make(chan error)
	go func() {
		defer close(p.over)
		runtime.LockOSThread() // never unlocked: the death signal comes when the thread ends
		err := cmd.Start()
		up <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in ProcessState
		}
	}()
	if err := <-up; err != nil {
		return nil, err
	}
	return p, nil
}

// stop kills the process and returns when it is gone.
func (p *process) stop() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.over
}

// listening returns when something listens at addr.
func listening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nothing listens at %s: %w", addr, context.Cause(ctx))
		}
	}
}

// freeAddr asks the kernel for a loopback address that nobody uses now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
