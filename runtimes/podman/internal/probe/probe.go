// Package probe is an application that tries what an application must not be
// able to do, for the tests of runtimes. It is part of no shipped binary.
package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Facts are what the application sees and how its attempts end.
type Facts struct {
	Args      []string
	Env       []string
	Cwd       string
	Status    map[string]string // lines of /proc/self/status
	Mountinfo string
	FDs       map[string]string
	Sys       []string // names under /sys
	Processes []string
	Devices   string // /proc/net/dev
	Resolv    string
	Hostname  string
	Root      []string
	Limits    string
	Attempts  map[string]string // name to "ok" or the error
	Masked    map[string]string // files of /proc that tell of the machine, and what is read
}

// Main does what args say and returns the exit code.
func Main(args []string) int {
	if len(args) == 0 {
		args = []string{"report"}
	}
	switch args[0] {
	case "report":
		if err := json.NewEncoder(os.Stdout).Encode(report()); err != nil {
			return 1
		}
	case "exit":
		n, _ := strconv.Atoi(args[1])
		return n
	case "kill-self":
		// PID 1 is spared by its own signals: a child is not.
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		return 99
	case "console": // n bytes on each of both
		n, _ := strconv.ParseInt(args[1], 10, 64)
		done := make(chan error)
		for i, w := range []io.Writer{os.Stdout, os.Stderr} {
			go func() { _, err := io.CopyN(w, &Pattern{Seed: byte(i)}, n); done <- err }()
		}
		for range 2 {
			if err := <-done; err != nil {
				return 1
			}
		}
	case "until-term":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready")
		<-c
		fmt.Println("got TERM")
		return 3
	case "ignore-term":
		signal.Ignore(syscall.SIGTERM)
		child := self("sleep") // outlives a TERM, too
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println("ready")
		forever()
	case "sleep":
		signal.Ignore(syscall.SIGTERM)
		forever()
	case "hold": // opens a FIFO and keeps it
		f, err := os.OpenFile(args[1], os.O_WRONLY, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Fprintln(f, "held")
		forever()
	case "eat": // memory, until it is stopped
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
		}
	case "write": // a file in each folder, and read another
		for _, dir := range args[1:] {
			if err := os.WriteFile(filepath.Join(dir, "written"), []byte("by the application"), 0o600); err != nil {
				fmt.Println(dir, err.(*os.PathError).Err)
				continue
			}
			fmt.Println(dir, "ok")
		}
	default:
		return 98
	}
	return 0
}

// forever waits in the kernel: Go ends a program all of whose goroutines wait.
func forever() {
	for {
		_ = syscall.Pause()
	}
}

// self is this program again, under the name by which it knows that it is one.
func self(args ...string) *exec.Cmd {
	return &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"probe"}, args...)}
}

// Pattern is an endless stream that tells where a byte was lost.
type Pattern struct {
	Seed byte
	n    uint64
}

func (p *Pattern) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = p.Seed ^ byte(p.n) ^ byte(p.n>>8) ^ byte(p.n>>16)
		p.n++
	}
	return len(b), nil
}

func report() Facts {
	f := Facts{Args: os.Args, Env: os.Environ(), Status: map[string]string{}, FDs: map[string]string{}, Attempts: attempts(), Masked: map[string]string{}}
	f.Cwd, _ = os.Getwd()
	for line := range strings.Lines(read("/proc/self/status")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		f.Status[key] = strings.Join(strings.Fields(value), " ")
	}
	f.Mountinfo, f.Devices, f.Resolv = read("/proc/self/mountinfo"), read("/proc/net/dev"), read("/etc/resolv.conf")
	f.Limits = read("/proc/self/limits")
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil {
			f.FDs[filepath.Base(fd)] = to
		}
	}
	f.Sys, f.Root = names("/sys"), names("/")
	f.Processes, _ = filepath.Glob("/proc/[0-9]*")
	f.Hostname, _ = os.Hostname()
	for _, name := range []string{"kallsyms", "interrupts", "cmdline", "kcore", "keys", "timer_list", "sysrq-trigger", "modules", "partitions"} {
		if b, err := os.ReadFile("/proc/" + name); err == nil && len(b) > 0 {
			f.Masked[name] = string(b[:min(len(b), 40)])
		}
	}
	return f
}

func read(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(b)
}

func names(dir string) []string {
	entries, _ := os.ReadDir(dir)
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
