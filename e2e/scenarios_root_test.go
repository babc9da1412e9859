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
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// machine is where the parts of a run lie.
type machine struct{ release, files, envoy, azurite, node, collector string }

func parts(t testing.TB) machine {
	t.Helper()
	needs.Root(t)
	for _, p := range []string{"podman", "runc", "iptables"} {
		needs.Program(t, p)
	}
	needs.Device(t, "/dev/fuse")
	if alone != nil {
		t.Fatal(alone)
	}
	files, err := filepath.Abs("demo")
	if err != nil {
		t.Fatal(err)
	}
	return machine{needs.Release(t), files, needs.Envoy(t), needs.Azurite(t), needs.Program(t, "node"), needs.Collector(t)}
}

func (m machine) args(more ...string) []string {
	return append([]string{"--release", m.release, "--files", m.files, "--envoy", m.envoy, "--azurite", m.azurite, "--node", m.node, "--collector", m.collector}, more...)
}

// TestScenarios runs testdata/*.txtar, one at a time. Commands beside testscript's own:
//
//	specify OLD NEW       changes the specification that the next demo runs
//	disk SIZE             gives the next demo a disk of that size for its folder
//	fill-disk after STEP      fills it when the next demo has told of STEP
//	signal NAME after STEP    sends the next demo a signal then
//	demo ARGS             runs the demo with --json; its lines are out.json, its words err.txt
//	exit N                the last demo's exit code was N
//	nothing-left [PATTERN]    no process, mount or file is left of it (but files so named)
//	nothing-plain PATTERN     files so named hold nothing of the data
func TestScenarios(t *testing.T) {
	s := &scenarios{parts(t)}
	testscript.RunT(serial{t}, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			before := look()
			env.Values["before"] = &before
			env.Values["next"] = &next{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"specify": usage(2, s.specify), "disk": usage(1, s.disk), "fill-disk": usage(2, s.fillDisk), "signal": usage(3, s.signal), "demo": usage(-1, s.demo),
			"exit": usage(1, s.exit), "nothing-left": usage(-1, s.nothingLeft), "nothing-plain": usage(1, s.nothingPlain),
		},
	})
}

// serial runs scripts one after another: they share a namespace, and each looks
// at all that is in it.
type serial struct{ *testing.T }

func (serial) Parallel()       {}
func (s serial) Verbose() bool { return testing.Verbose() }
func (s serial) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(serial{t}) })
}

type scenarios struct{ machine }

// next is what is special about a script's next demo.
type next struct {
	files, tmp string
	after      string // this step of the demo
	then       func(*os.Process) error
	code       int
}

func usage(n int, f func(*testscript.TestScript, *next, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || n >= 0 && len(args) != n {
			ts.Fatalf("used wrongly; see TestScenarios")
		}
		f(ts, ts.Value("next").(*next), args)
	}
}

func (s *scenarios) specify(ts *testscript.TestScript, n *next, args []string) {
	if n.files == "" {
		n.files = ts.MkAbs("files")
		ts.Check(os.CopyFS(n.files, os.DirFS(s.files)))
	}
	ts.Check(specify(n.files, args[0], args[1]))
}

func (s *scenarios) disk(ts *testscript.TestScript, n *next, args []string) {
	n.tmp = ts.MkAbs("disk")
	ts.Check(os.Mkdir(n.tmp, 0o700))
	ts.Check(unix.Mount("tmpfs", n.tmp, "tmpfs", 0, "size="+args[0]))
	ts.Defer(func() { ts.Check(unix.Unmount(n.tmp, unix.MNT_DETACH)) })
	before := ts.Value("before").(*state)
	before.mounts = append(before.mounts, "mount "+n.tmp)
}

func (s *scenarios) signal(ts *testscript.TestScript, n *next, args []string) {
	sig := unix.SignalNum("SIG" + args[0])
	if sig == 0 || args[1] != "after" {
		ts.Fatalf("usage: signal NAME after STEP")
	}
	n.after, n.then = args[2], func(p *os.Process) error { return p.Signal(sig) }
}

func (s *scenarios) fillDisk(ts *testscript.TestScript, n *next, args []string) {
	if n.tmp == "" || args[0] != "after" {
		ts.Fatalf("usage: disk SIZE; fill-disk after STEP")
	}
	n.after, n.then = args[1], func(*os.Process) error {
		f, err := os.Create(filepath.Join(n.tmp, "filling"))
		if err != nil {
			return err
		}
		defer f.Close()
		for b := make([]byte, 4<<10); err == nil; {
			_, err = f.Write(b)
		}
		if errors.Is(err, unix.ENOSPC) {
			err = nil
		}
		return err
	}
}

// demo runs the demo to its end and makes its output the script's.
func (s *scenarios) demo(ts *testscript.TestScript, n *next, args []string) {
	m := s.machine
	if n.files != "" {
		m.files = n.files
	}
	cmd := exec.Command(filepath.Join(m.release, "bin", "cleanroom-demo-sim"), m.args(append([]string{"--json"}, args...)...)...)
	tmp := n.tmp
	if tmp == "" {
		tmp = os.TempDir()
	}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + tmp}
	var out, errOut bytes.Buffer
	cmd.Stderr = &errOut
	pipe, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	for lines := bufio.NewReader(io.TeeReader(pipe, &out)); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var l struct{ Step string }
		if json.Unmarshal(line, &l) == nil && n.after != "" && l.Step == n.after {
			ts.Check(n.then(cmd.Process))
			n.after = ""
		}
	}
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	n.code = cmd.ProcessState.ExitCode()
	ts.Logf("%s\n%s", out.Bytes(), errOut.Bytes())
	ts.Check(os.WriteFile(ts.MkAbs("out.json"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err.txt"), errOut.Bytes(), 0o600))
}

func (s *scenarios) exit(ts *testscript.TestScript, n *next, args []string) {
	if got := strconv.Itoa(n.code); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func (s *scenarios) nothingLeft(ts *testscript.TestScript, n *next, args []string) {
	var except []string
	for _, pattern := range args {
		found, err := filepath.Glob(filepath.Join(os.TempDir(), pattern))
		ts.Check(err)
		except = append(except, found...)
	}
	if more := ts.Value("before").(*state).left(except...); len(more) > 0 {
		ts.Fatalf("left behind: %q", more)
	}
}

func (s *scenarios) nothingPlain(ts *testscript.TestScript, n *next, args []string) {
	found, err := filepath.Glob(filepath.Join(os.TempDir(), args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("no file is named %s", args[0])
	}
	plain, err := rows(s.files)
	ts.Check(err)
	for _, dir := range found {
		seen, held, err := plain.inFolder(dir)
		ts.Check(err)
		ts.Logf("looked into %d files of %s", seen, dir)
		if len(held) > 0 {
			ts.Fatalf("%s", strings.Join(held, "\n"))
		}
		ts.Check(os.RemoveAll(dir))
	}
}

// Every fault that the demo offers has a scenario, so that none is forgotten.
func TestEveryFaultHasAScenario(t *testing.T) {
	names, _ := demo.Faults()
	for _, n := range names {
		if _, err := os.Stat(filepath.Join("testdata", "fault-"+n+".txtar")); err != nil {
			t.Errorf("fault %s: %v", n, err)
		}
	}
}

// The last line with --json has what programs rely on.
func TestSummaryFields(t *testing.T) {
	b, err := json.Marshal(demo.Summary{})
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"result", "exit", "seconds", "accuracy"} {
		if _, ok := m[f]; !ok {
			t.Errorf("the summary has no %q", f)
		}
	}
}
