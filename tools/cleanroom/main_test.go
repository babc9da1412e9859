package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/internal/place"
	"github.com/cleanroom-dev/cleanroom/tools/cleanroom/doctor"
)

func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		fakePlugin()
		return
	}
	testscript.Main(m, map[string]func(){
		"cleanroom": main, "cleanroomd": fakeRoom, "cleanroomd-sim": fakeRoom, "cleanroom-demo-sim": fakeDemo,
	})
}

// The scenarios are a manual: each begins with a valid study.yaml, the same as
// study.json, the images.lock of a release, and a release whose programs are fakes.
func TestScenarios(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			asJSON, err := spec.Canonical(spectest.Example(t))
			if err != nil {
				return err
			}
			lock, err := policytest.Lock().Marshal()
			if err != nil {
				return err
			}
			for name, b := range map[string][]byte{"study.yaml": []byte(spectest.YAML), "study.json": asJSON, "images.lock": lock} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), b, 0o644); err != nil {
					return err
				}
			}
			state, err := place.State()
			if err != nil {
				return err
			}
			e.Setenv("STATE", state)
			e.Setenv("MACHINE_TMP", os.TempDir())
			return fakeRelease(filepath.Join(e.WorkDir, "release"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"edit": edit, "head": head, "exit": exit, "interrupt": interrupt, "as-user": asUser,
			"await": await, "value": value, "room": runFakeRoom, "broker": fakeBroker, "azurite": azurite},
		Condition: condition,
	})
}

// fakeRelease makes the folder of a release, with the programs that TestMain fakes.
func fakeRelease(dir string) error {
	for _, sub := range []string{"bin", "plugins", "demo"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"cleanroomd", "cleanroomd-sim", "cleanroom-demo-sim"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(dir, "bin", name)); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "plugins", "mystore.json"), pluginJSON, 0o644); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, "plugins", "mystore"))
}

// condition knows root, and demo: a machine that can run it. Where everything is required, both
// hold or the test fails.
func condition(name string) (bool, error) {
	var lacking []string
	switch name {
	case "root":
		if os.Geteuid() != 0 {
			lacking = []string{"root"}
		}
	case "demo":
		lacking = doctor.Lacking(doctor.Examine(context.Background()))
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
	if len(lacking) > 0 && os.Getenv(needs.RequireVar) == "1" {
		return false, fmt.Errorf("needs %q", lacking)
	}
	return len(lacking) == 0, nil
}

// interrupt CODE FILE PROGRAM ARG… waits for FILE, sends the program SIGINT, and checks its
// exit code. Its output is in out.txt and err.txt.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt CODE FILE PROGRAM ARG…")
	}
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	var out, errOut bytes.Buffer
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &out, &errOut
	ts.Check(cmd.Start())
	if !appears(ts, args[1]) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Fatalf("no %s after a minute: %s", args[1], errOut.String())
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // its exit code says all
	write(ts, "out.txt", out.String())
	write(ts, "err.txt", errOut.String())
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s: %s", got, args[0], errOut.String())
	}
}

// await FILE waits until FILE is there.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || !appears(ts, args[0]) {
		ts.Fatalf("no %q after a minute", args)
	}
}

func appears(ts *testscript.TestScript, file string) bool {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(file)); err == nil {
			return true
		}
	}
	return false
}

// value NAME FILE [REGEXP] sets a variable to FILE's text, or to what the group in REGEXP finds there.
func value(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: value NAME FILE [REGEXP]")
	}
	text := strings.TrimSpace(ts.ReadFile(args[1]))
	if len(args) == 3 {
		m := regexp.MustCompile(args[2]).FindStringSubmatch(text)
		if len(m) != 2 {
			ts.Fatalf("%s has nothing like %s: %s", args[1], args[2], text)
		}
		text = m[1]
	}
	ts.Setenv(args[0], text)
}

// as-user CODE PROGRAM ARG… runs a program as somebody who is not root. Its errors are in err.txt.
func asUser(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: as-user CODE PROGRAM ARG…")
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}}}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	_ = cmd.Run() // its exit code says all
	write(ts, "err.txt", errOut.String())
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s: %s", got, args[0], errOut.String())
	}
}

// edit FROM TO OLD NEW writes FROM to TO with the first OLD, which must be there, replaced.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: edit FROM TO OLD NEW")
	}
	before := ts.ReadFile(args[0])
	unescape := strings.NewReplacer(`\n`, "\n", `\xff`, "\xff").Replace
	if !strings.Contains(before, unescape(args[2])) {
		ts.Fatalf("%s has no %q", args[0], args[2])
	}
	write(ts, args[1], strings.Replace(before, unescape(args[2]), unescape(args[3]), 1))
}

// head FROM TO N writes the first N bytes of FROM to TO.
func head(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: head FROM TO N")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	write(ts, args[1], ts.ReadFile(args[0])[:n])
}

// exit CODES PROGRAM ARG… runs a program that must end with one of the codes, such as 0|7.
func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if !slices.Contains(strings.Split(args[0], "|"), got) {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
}
