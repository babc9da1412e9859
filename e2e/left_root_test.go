package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// state is all that a scenario could leave behind in this namespace.
type state struct{ processes, mounts, files []string }

// look takes the state; zombies are left out, for process 1 here does not reap
// those whose parents were killed on purpose.
func look() (s state) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		panic(err)
	}
	for _, d := range dirs {
		b, err := os.ReadFile(filepath.Join(d, "stat"))
		if err != nil || filepath.Base(d) == strconv.Itoa(os.Getpid()) {
			continue
		}
		text := string(b)
		if f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]); len(f) > 0 && f[0] != "Z" && f[0] != "X" {
			args, _ := os.ReadFile(filepath.Join(d, "cmdline"))
			s.processes = append(s.processes, "process "+strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		panic(err) // without its own /proc this process would not have come so far
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 4 {
			s.mounts = append(s.mounts, "mount "+f[4])
		}
	}
	for _, dir := range ours {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // not there, before or after
		}
		for _, e := range entries {
			s.files = append(s.files, "file "+filepath.Join(dir, e.Name()))
		}
	}
	return s
}

// patience is what the kernel may take to end what was killed, on a loaded machine.
const patience = 10 * time.Second

// left waits until nothing is there that was not before, and says what is.
// Except names files that may stay, such as the scenario's own.
func (s state) left(except ...string) []string {
	deadline := time.Now().Add(patience)
	for {
		now := look()
		more := append(append(extra(now.processes, s.processes), extra(now.mounts, s.mounts)...), extra(now.files, s.files)...)
		for _, x := range except {
			for i, m := range more {
				if m == "file "+x {
					more = append(more[:i], more[i+1:]...)
					break
				}
			}
		}
		if len(more) == 0 || time.Now().After(deadline) {
			return more
		}
		<-time.After(50 * time.Millisecond)
	}
}

// extra lists what now has more than before.
func extra(now, before []string) (more []string) {
	count := map[string]int{}
	for _, x := range before {
		count[x]++
	}
	for _, x := range now {
		if count[x]--; count[x] < 0 {
			more = append(more, x)
		}
	}
	sort.Strings(more)
	return more
}

// What is left must be seen: a file, a mount and a process.
func TestLookSees(t *testing.T) {
	parts(t)
	before := look()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	now := look()
	for begin := time.Now(); !slices.Contains(now.processes, "process sleep 1000 ") && time.Since(begin) < patience; now = look() {
		<-time.After(5 * time.Millisecond) // until the child has become the program
	}
	for _, x := range []struct{ what, now, before []string }{
		{[]string{"mount " + dir}, now.mounts, before.mounts},
		{[]string{"process sleep 1000 "}, now.processes, before.processes},
		{[]string{"file " + filepath.Dir(dir)}, now.files, before.files},
	} {
		if got := extra(x.now, x.before); !slices.Equal(got, x.what) {
			t.Errorf("left is %q, want %q", got, x.what)
		}
	}
}
