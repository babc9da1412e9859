package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// launch starts a program whose stderr goes to a file in the demo's folder, and
// waits until a line of its output matches ready: it returns the line's first
// submatch. A program picks its own port and says which: one that is picked for
// it can be another's by the time it listens.
func (d *demo) launch(ctx context.Context, name string, ready *regexp.Regexp, path string, args ...string) (*process, string, error) {
	logPath := filepath.Join(d.dir, "logs", name+".log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, "", err
	}
	p := &process{name: name, cmd: exec.Command(path, args...), log: logPath, done: make(chan struct{})}
	said := make(chan string, 2) // one from each stream
	p.cmd.Stdout = &watch{to: io.Discard, ready: ready, said: said}
	p.cmd.Stderr = &watch{to: logFile, ready: ready, said: said}
	p.cmd.WaitDelay = 2 * time.Second
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TMPDIR=" + d.dir}
	p.cmd.Dir = d.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := d.starter.start(p.cmd); err != nil {
		logFile.Close()
		return nil, "", fault.New(fault.Unavailable, name, "start: %w", err)
	}
	go func() { p.err = p.cmd.Wait(); logFile.Close(); close(p.done) }()
	d.later(p.stop)
	select {
	case line := <-said:
		return p, line, nil
	case <-p.done:
		err = fmt.Errorf("ended: %v", p.err)
	case <-time.After(readyLimit):
		err = fmt.Errorf("nothing said within %s", readyLimit)
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
	return nil, "", fault.New(fault.Unavailable, name, "did not become ready: %w (%s)", err, tail(logPath))
}

// launchJSON is launch for a program that says it with a line of JSON.
func (d *demo) launchJSON(ctx context.Context, name string, ready any, path string, args ...string) (*process, error) {
	p, line, err := d.launch(ctx, name, jsonLine, path, args...)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(line), ready); err != nil {
		return nil, fault.New(fault.Internal, name, "says %.80q, which is not its address: %w", line, err)
	}
	return p, nil
}

// How the servers say that they are ready.
var (
	jsonLine       = regexp.MustCompile(`^(\{"(?:addr|address|url)".*\})$`)
	azuriteReady   = regexp.MustCompile(`successfully listens on http://(127\.0\.0\.1:[1-9]\d*)`)
	collectorReady = regexp.MustCompile(`Starting HTTP server.*"endpoint": "(127\.0\.0\.1:[1-9]\d*)"`)
)

// readyLimit bounds how long a server may take to answer, on a loaded machine.
const readyLimit = 60 * time.Second

// watch passes a stream on, and tells of the first line that matches.
type watch struct {
	to    io.Writer
	ready *regexp.Regexp // nil when it has told
	said  chan<- string
	line  []byte
}

func (w *watch) Write(b []byte) (int, error) {
	for rest := b; w.ready != nil && len(rest) > 0; {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		w.line, rest = append(w.line, line...), more
		if !whole {
			break
		}
		if m := w.ready.FindSubmatch(w.line); m != nil {
			w.said <- string(m[1])
			w.ready = nil
		}
		w.line = w.line[:0]
	}
	return w.to.Write(b)
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
