package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

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
	files, err := filepath.Abs("demo")
	if err != nil {
		t.Fatal(err)
	}
	return machine{needs.Release(t), files, needs.Envoy(t), needs.Azurite(t), needs.Program(t, "node"), needs.Collector(t)}
}

func (m machine) args(more ...string) []string {
	return append([]string{"--release", m.release, "--files", m.files, "--envoy", m.envoy, "--azurite", m.azurite, "--node", m.node, "--collector", m.collector}, more...)
}

// TestScenarios runs testdata/*.txtar. Commands beside testscript's own:
//
//	demo ARGS     runs the demo with --json; its lines are stdout
//	exit N        the last demo's exit code was N
//	nothing-left  no process, mount or file is left of it
func TestScenarios(t *testing.T) {
	m := parts(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values["before"] = look(t)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"demo": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg {
					ts.Fatalf("say which exit code: exit N")
				}
				code := run(ts, filepath.Join(m.release, "bin", "cleanroom-demo-sim"), m.args(append([]string{"--json"}, args...)...))
				ts.Setenv("code", strconv.Itoa(code))
			},
			"exit": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: exit N")
				}
				if got := ts.Getenv("code"); got != args[0] {
					ts.Fatalf("exit code %s, want %s\n%s", got, args[0], ts.ReadFile("out.json"))
				}
			},
			"nothing-left": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Value("before").(state).sameAs(t)
			},
		},
	})
}

// run runs a program to its end and makes its output the script's.
func run(ts *testscript.TestScript, path string, args []string) (code int) {
	cmd := exec.Command(path, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", path, err)
	}
	ts.Logf("%s\n%s", out.Bytes(), errOut.Bytes())
	for name, b := range map[string][]byte{"out.json": out.Bytes(), "err.txt": errOut.Bytes()} {
		if err := os.WriteFile(ts.MkAbs(name), b, 0o600); err != nil {
			ts.Fatalf("%v", err)
		}
	}
	return cmd.ProcessState.ExitCode()
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
