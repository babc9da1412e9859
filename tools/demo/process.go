package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// process is one server of the demo. It dies with the demo.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string // its stderr
	done chan struct{}
	err  error // of Wait; read after done
}

// launch starts a program whose stderr goes to a file in the demo's folder. With
// ready, it first waits for a line of JSON on stdout and decodes it into ready.
func (d *demo) launch(ctx context.Context, name string, ready any, path string, args ...string) (*process, error) {
	logPath := filepath.Join(d.dir, "logs", name+".log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	p := &process{name: name, cmd: exec.Command(path, args...), log: logPath, done: make(chan struct{})}
	p.cmd.Stderr = logFile
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TMPDIR=" + d.dir}
	p.cmd.Dir = d.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	first := &firstLine{line: make(chan []byte, 1)}
	p.cmd.Stdout = first
	if err := d.starter.start(p.cmd); err != nil {
		return nil, fault.New(fault.Unavailable, name, "start: %w", err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	d.later(p.stop)
	if ready == nil {
		return p, nil
	}
	select {
	case line := <-first.line:
		err = json.Unmarshal(line, ready)
	case <-p.done:
		err = fmt.Errorf("ended: %v", p.err)
	case <-time.After(readyLimit):
		err = fmt.Errorf("nothing said within %s", readyLimit)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, name, "did not become ready: %w (%s)", err, tail(logPath))
	}
	return p, nil
}

// readyLimit bounds how long a server may take to answer, on a loaded machine.
const readyLimit = 60 * time.Second

// firstLine gives the first line written to it and forgets the rest.
type firstLine struct {
	buf  []byte
	sent bool
	line chan []byte
}

func (f *firstLine) Write(b []byte) (int, error) {
	if f.sent {
		return len(b), nil
	}
	f.buf = append(f.buf, b...)
	if i := bytes.IndexByte(f.buf, '\n'); i >= 0 {
		f.line <- f.buf[:i]
		f.sent = true
	}
	return len(b), nil
}

// waitPort returns when something listens at addr.
func (p *process) waitPort(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fault.New(fault.Unavailable, p.name, "ended before it listened: %v (see %s)", p.err, tail(p.log))
		case <-ctx.Done():
			return fault.New(fault.Unavailable, p.name, "does not listen at %s", addr)
		}
	}
}

// kill ends the process without a word, as a crash would.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// stop ends the process: TERM, and KILL when that is not enough.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(2 * time.Second):
		p.kill()
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
			return fmt.Errorf("%s (process %d) does not end", p.name, p.cmd.Process.Pid)
		}
	}
	return nil
}

// tail is the last of a log, for an error that has to explain itself.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return filepath.Base(path) + ": empty"
	}
	const most = 400
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strconv.Quote(string(b))
}

// freePort asks the kernel for a loopback port that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
