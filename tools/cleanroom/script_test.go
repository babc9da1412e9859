package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

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
