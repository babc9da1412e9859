package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const junit = `<testsuites><testsuite errors="0" failures="1" skipped="1" tests="3" name="p">
<testcase classname="p" name="TestA" time="0"></testcase>
<testcase classname="p" name="TestB" time="0"><failure message="Failed"></failure></testcase>
<testcase classname="p" name="TestC" time="0"><skipped message="Skipped"></skipped></testcase>
</testsuite></testsuites>`

// workspace makes a test binary out of a shell script, at //p:p_test, and returns its options.
func workspace(t *testing.T, script string) options {
	t.Helper()
	root := t.TempDir()
	t.Chdir(root)
	for _, dir := range []string{"p", "bin/p/p_test_", "logs/p/p_test"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("bin/p/p_test_/p_test", []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("logs/p/p_test/test.xml", []byte(junit), 0o644); err != nil {
		t.Fatal(err)
	}
	return options{bin: "bin", testlogs: "logs", release: "release", summary: filepath.Join(root, "summary"), timeout: time.Minute, out: io.Discard}
}

func TestRun(t *testing.T) {
	for name, tc := range map[string]struct {
		script, summary string
		failed          bool
	}{
		"a test counts once for both places":      {"echo '--- PASS: TestA (0.00s)'", "1 1\n", false},
		"a test that skipped there counts here":   {"echo '--- PASS: TestC (0.00s)'", "2 1\n", false},
		"a test that fails here fails":            {"echo '--- FAIL: TestA (0.00s)'; exit 1", "0 2\n", true},
		"a subtest counts":                        {"echo '    --- PASS: TestA/x (0.00s)'", "2 1\n", false},
		"a binary that dies is a failure":         {"exit 2", "1 2\n", true},
		"a binary runs in its package's folder":   {"[ $(basename $PWD) = p ] && echo '--- PASS: TestD (0.00s)'", "2 1\n", false},
		"a binary is told to skip nothing":        {"[ $CLEANROOM_REQUIRE_ALL = 1 ] && echo '--- PASS: TestD (0.00s)'", "2 1\n", false},
		"a binary is told where the release lies": {"[ $CLEANROOM_RELEASE = $(dirname $PWD)/release ] && echo '--- PASS: TestD (0.00s)'", "2 1\n", false},
		"a binary has a limit":                    {"case $* in *-test.timeout=1m0s*) echo '--- PASS: TestD (0.00s)';; esac", "2 1\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			o := workspace(t, tc.script)
			failed, err := run(t.Context(), o, []string{"//p:p_test", "//q:not_run", "--", "//p:p_test"})
			if err != nil || failed != tc.failed {
				t.Errorf("run = %v, %v; want %v", failed, err, tc.failed)
			}
			if got, err := os.ReadFile(o.summary); string(got) != tc.summary || err != nil {
				t.Errorf("summary is %q, %v; want %q", got, err, tc.summary)
			}
		})
	}
}

func TestBadArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"no tests to run here": {"//p:p_test", "--"},
		"no separator":         {"//p:p_test"},
		"no label":             {"--", "p"},
		"no such binary":       {"--", "//q:q_test"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := run(t.Context(), workspace(t, ""), args); err == nil {
				t.Errorf("run(%q) succeeds", args)
			}
		})
	}
}

func TestSkipsSayWhy(t *testing.T) {
	out := "=== RUN   TestX\n    x_test.go:3: needs the device /dev/kvm\n--- SKIP: TestX (0.00s)\n=== RUN   TestY\n--- PASS: TestY (0.00s)\n"
	got := skips([]byte(out))
	if len(got) != 1 || !strings.Contains(got[0], "TestX") || !strings.Contains(got[0], "/dev/kvm") {
		t.Errorf("skips = %q, want TestX with its reason", got)
	}
	if f := failures([]byte(out)); !slices.Equal(f, nil) {
		t.Errorf("failures = %q, want none", f)
	}
}
