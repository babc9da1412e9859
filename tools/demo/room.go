package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/room"
)

// line is one line of cleanroomd: a stage's event or the last word.
type line struct {
	room.Event
	Result string       `json:"result"`
	Exit   int          `json:"exit"`
	Final  string       `json:"error"`
	Room   *room.Result `json:"room"`
}

// roomCommand is the command line by which the operator starts the room.
func (d *demo) roomCommand() []string {
	return []string{
		d.bin("cleanroomd-sim"), "--bundle", filepath.Join(d.dir, "bundle"), "--plugins", d.plugins, "--envoy", d.Envoy,
		"--specification", d.digest.String(), "--lock", d.lockDigest.String(), "--sim-device", filepath.Join(d.dir, "device"),
	}
}

// runRoom runs cleanroomd-sim to its end and shows its stages as they happen.
// A fault that bites while the room runs is done when its stage is reported.
func (d *demo) runRoom(ctx context.Context) error {
	logFile, err := os.OpenFile(filepath.Join(d.dir, "logs", "cleanroomd.log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	command := d.roomCommand()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stderr = logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	d.started = time.Now()
	if err := d.starter.start(cmd); err != nil {
		return fault.New(fault.Unavailable, "cleanroomd-sim", "start: %w", err)
	}
	d.roomPID = cmd.Process.Pid
	ended := make(chan struct{})
	defer close(ended)
	go func() { // Ctrl-C here is an orderly close there
		select {
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case <-ended:
		}
	}()
	last, hookErr := d.follow(out)
	_ = cmd.Wait() // its exit code is in the last line, and checked against it
	if hookErr != nil {
		return hookErr
	}
	if last == nil {
		return fault.New(fault.Internal, "cleanroomd-sim", "ended without a last word (%v): %s", cmd.ProcessState, tail(logFile.Name()))
	}
	if code := cmd.ProcessState.ExitCode(); code != last.Exit {
		return fault.New(fault.Internal, "cleanroomd-sim", "exit code %d, but it says %d", code, last.Exit)
	}
	if last.Exit != 0 {
		return refusal(last)
	}
	d.result = last.Room
	return nil
}

// follow reads the room's lines to their end. After a failed hook the rest is
// still read, so that the room can end.
func (d *demo) follow(out io.Reader) (last *line, err error) {
	s := bufio.NewScanner(out)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var l line
		if jerr := json.Unmarshal(s.Bytes(), &l); jerr != nil {
			return nil, fault.New(fault.Internal, "cleanroomd-sim", "a line that is not JSON: %.80q", s.Text())
		}
		switch {
		case l.Result != "":
			last = &l
		case l.State == "done" || l.State == "failed":
			d.ui.step(step{Part: "room", Step: l.Stage, Millis: l.Millis, Waiting: l.Waiting, Note: l.Event.Error, Failed: l.State == "failed"})
			if l.Stage == "start" && l.State == "done" {
				d.summary.FirstMS = time.Since(d.started).Milliseconds()
			}
			if d.OnStage != nil {
				d.OnStage(l.Stage, d.roomPID)
			}
			if hook := d.at[l.Stage]; hook != nil && l.State == "done" && err == nil {
				err = hook(d)
			}
		}
	}
	if err == nil {
		err = s.Err()
	}
	return last, err
}

// refusal is the room's own error again, with its kind.
func refusal(l *line) error {
	for k := fault.Internal; k <= fault.Usage; k++ {
		if k.String() == l.Result {
			return &fault.Error{Kind: k, Op: "room", Err: fmt.Errorf("%s", l.Final)}
		}
	}
	return fault.New(fault.Internal, "room", "unknown result %q: %s", l.Result, l.Final)
}
