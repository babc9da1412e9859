package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/runtimes/podman/internal/probe"
)

//go:embed testdata/mountinfo.golden
var goldenMountinfo string

func TestInside(t *testing.T) {
	if !inARoom(t) {
		return
	}
	code, stdout, stderr := launch(t, "/probe", "report", "an argument")
	var f probe.Facts
	if err := json.Unmarshal(stdout, &f); err != nil || code != 0 || len(stderr) > 0 {
		t.Fatalf("code %d, %v, stdout %q, stderr %q", code, err, stdout, stderr)
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
			t.Errorf("%s: %s, want %s", what, g, w)
		}
	}
	equal("arguments", f.Args, []string{"/probe", "report", "an argument"})
	slices.Sort(f.Env)
	// HOME and HOSTNAME are podman's; nothing is the image's or the host's.
	equal("environment", f.Env, []string{"EMPTY=", "GREETING=hello, \"world\" =\n2", "HOME=/", "HOSTNAME=app"})
	equal("folder", f.Cwd, "/work")
	equal("host name", f.Hostname, "app")
	equal("resolv.conf", f.Resolv, "nameserver 127.0.0.1\n")
	equal("files under /sys", f.Sys, []string{})
	equal("processes", f.Processes, []string{"/proc/1"})
	equal("what /proc tells of the machine", f.Masked, map[string]string{})
	none := "0000000000000000"
	for key, want := range map[string]string{
		"Uid": "1000 1000 1000 1000", "Gid": "1000 1000 1000 1000", "Groups": "1000", "NoNewPrivs": "1", "Seccomp": "2",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
	} {
		equal(key, f.Status[key], want)
	}
	if lines := strings.Split(strings.TrimSpace(f.Devices), "\n"); len(lines) != 3 || !strings.HasPrefix(strings.TrimSpace(lines[2]), "lo:") {
		t.Errorf("network devices:\n%s\nwant lo alone", f.Devices)
	}
	for _, limit := range []string{"Max processes 64 64", "Max open files 512 512", "Max core file size 0 0"} {
		if !strings.Contains(strings.Join(strings.Fields(f.Limits), " "), limit) {
			t.Errorf("limits:\n%s\nwant %s", f.Limits, limit)
		}
	}
	for _, fd := range slices.Sorted(maps.Keys(f.FDs)) {
		to := f.FDs[fd]
		// Its own: Go's poller. What the tests of the sockets opened is its own, too.
		if fd > "2" && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "socket:") {
			t.Errorf("descriptor %s is %s", fd, to)
		}
	}
	equal("stdin", f.FDs["0"], "/dev/null")
	for name, got := range f.Attempts {
		if strings.HasPrefix(name, "allowed ") != (got == "ok") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if f.Attempts["int80"] != "refused" { // where there is no such gate
		equal("int 0x80", f.Attempts["int80"], "SIGSYS")
	}
	equal("socket vsock", f.Attempts["socket vsock"], "EAFNOSUPPORT")
	mountinfo(t, f.Mountinfo)
}

// mountinfo compares with a golden file: place, kind and options of every mount.
// Under /proc, where kernels differ, it asks for read-only or masked.
func mountinfo(t *testing.T, info string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(info) {
		left, right, _ := strings.Cut(strings.TrimSpace(line), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		at, root, options, kind := l[4], l[3], l[5], r[0]
		if len(l) > 6 {
			t.Errorf("%s propagates: %s", at, left)
		}
		if strings.HasPrefix(at, "/proc/") {
			if null := kind == "devtmpfs" && root == "/null"; !null && !strings.HasPrefix(options, "ro") {
				t.Errorf("%s can be written: %s", at, line)
			}
			continue
		}
		options = strings.NewReplacer(",relatime", "", ",noatime", "").Replace(options)
		lines = append(lines, at+" "+kind+" "+options+"\n")
	}
	slices.Sort(lines)
	got := strings.Join(lines, "")
	if got != goldenMountinfo {
		t.Errorf("the application sees\n%swant\n%s", got, goldenMountinfo)
	}
}

func TestExitCodes(t *testing.T) {
	if !inARoom(t) {
		return
	}
	for name, tc := range map[string]struct {
		command []string
		want    int32
	}{
		"success":                      {[]string{"/probe", "exit", "0"}, 0},
		"its own code":                 {[]string{"/probe", "exit", "42"}, 42},
		"a code that podman uses":      {[]string{"/probe", "exit", "125"}, 125},
		"a code that shells use":       {[]string{"/probe", "exit", "127"}, 127},
		"more memory than it may have": {[]string{"/probe", "eat"}, 137},
	} {
		t.Run(name, func(t *testing.T) {
			if code, out, err := launch(t, tc.command...); code != tc.want {
				t.Errorf("%q: code %d, want %d; %q %q", tc.command, code, tc.want, out, err)
			}
		})
	}
}

func TestConsoleIsExact(t *testing.T) {
	if !inARoom(t) {
		return
	}
	const n = 3<<20 + 17
	_, stdout, stderr := launch(t, "/probe", "console", fmt.Sprint(n))
	for i, got := range [][]byte{stdout, stderr} {
		want, err := io.ReadAll(io.LimitReader(&probe.Pattern{Seed: byte(i)}, n))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("descriptor %d: %d bytes, want %d, or others", i+1, len(got), n)
		}
	}
}

func TestMountsAreAsDeclared(t *testing.T) {
	if !inARoom(t) {
		return
	}
	l := prepare(t, "/probe", "write", "/in", "/out", "/tmp", "/work", "/dev/shm")
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	_, stdout, stderr := l.wait()
	const want = "/in read-only file system\n/out ok\n/tmp ok\n/work read-only file system\n/dev/shm ok\n"
	if string(stdout) != want {
		t.Errorf("writing gave %q, %q; want %q", stdout, stderr, want)
	}
	if b, err := os.ReadFile(filepath.Join(l.request.Mounts[1].Source, "written")); string(b) != "by the application" {
		t.Errorf("the output: %q, %v", b, err)
	}
}
