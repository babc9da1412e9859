package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cleanroom": main})
}

// The scenarios are a manual: each begins with a valid study.yaml, the same as
// study.json, and the images.lock of a release.
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
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"edit": edit, "head": head, "exit": exit},
	})
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
