package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// stand has everything agreed and every service up, and gives f the command
// line of the room, which f runs as often as it likes. Changes are pairs of
// old and new text of the specification.
func stand(t *testing.T, f func(c command), changes ...string) {
	t.Helper()
	m := parts(t)
	ran := false
	_, err := demo.Run(t.Context(), demo.Options{
		Release: m.release, Files: changed(t, m.files, changes), Envoy: m.envoy, Azurite: m.azurite, Node: m.node, Collector: m.collector, Out: io.Discard,
		OnReady: func(args []string) error { ran = true; f(args); return nil },
	})
	if err != nil || !ran {
		t.Errorf("the services came up: %t, and went down: %v", ran, err)
	}
}

// changed returns a copy of the demo's files with another specification.
func changed(t *testing.T, files string, changes []string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	must(t, os.CopyFS(dir, os.DirFS(files)))
	for n := 0; n < len(changes); n += 2 {
		must(t, specify(dir, changes[n], changes[n+1]))
	}
	return dir
}

// specify changes the one place in a specification where old stands.
func specify(files, old, new string) error {
	path := filepath.Join(files, "cleanroom.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if strings.Count(string(b), old) != 1 {
		return errors.New("not in the specification once: " + old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), old, new, 1)), 0o600)
}

// sleeps makes the application sleep instead of work.
var sleeps = []string{"command: ${command}", `command: ["/app", "sleep"]`}

// command is a command line of cleanroomd-sim.
type command []string

// get returns the value of a flag.
func (c command) get(flag string) string {
	for n, a := range c {
		if a == flag {
			return c[n+1]
		}
	}
	return ""
}

// with returns the command with another value for a flag.
func (c command) with(flag, value string) command {
	d := append(command{}, c...)
	for n, a := range d {
		if a == flag {
			d[n+1] = value
		}
	}
	return d
}

// ended is what a room leaves to be read.
type ended struct {
	state    *os.ProcessState
	result   string // of the last line on stdout; empty where there is none
	exit     int
	err      string
	said     []string // lines on stderr that begin with the program's name
	out, log string
}

// run runs a room to its end; at is called for each stage that is done.
func (c command) run(t *testing.T, attr *syscall.SysProcAttr, at func(stage string, outer int)) ended {
	t.Helper()
	cmd := exec.Command(c[0], c[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = attr
	var out, log bytes.Buffer
	cmd.Stderr = &log
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var e ended
	for s := bufio.NewScanner(io.TeeReader(pipe, &out)); s.Scan(); {
		var l struct {
			Stage, State, Result, Error string
			Exit                        int
		}
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Errorf("a line that is not JSON: %q", s.Text())
		}
		if l.Result != "" {
			e.result, e.exit, e.err = l.Result, l.Exit, l.Error
		}
		if l.State == "done" && at != nil {
			at(l.Stage, cmd.Process.Pid)
		}
	}
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	e.state, e.out, e.log = cmd.ProcessState, out.String(), log.String()
	for l := range strings.Lines(e.log) {
		if strings.HasPrefix(l, "cleanroomd-sim: ") {
			e.said = append(e.said, l)
		}
	}
	return e
}
