package sandbox_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// With -in-room the test binary is a program with a room, as cleanroomd is.
var (
	inRoom  = flag.String("in-room", "", "what to do in the room")
	bindIn  = flag.String("bind-in", "", "a source for the bind in-1")
	bindOut = flag.String("bind-out", "", "a source for the bind out-1")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *inRoom == "" {
		os.Exit(m.Run())
	}
	o := sandbox.Options{RunSize: 16 << 20, TmpSize: 1 << 20, Hostname: "room-test", AllowSwap: true}
	if *bindIn != "" {
		o.Bind = append(o.Bind, sandbox.Bind{Name: "in-1", Source: *bindIn})
	}
	if *bindOut != "" {
		o.Bind = append(o.Bind, sandbox.Bind{Name: "out-1", Source: *bindOut, Writable: true})
	}
	in, code, err := sandbox.Enter(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if !in {
		os.Exit(code)
	}
	if err := roles[*inRoom](); err != nil {
		fmt.Fprintln(os.Stderr, "in the room:", err)
		os.Exit(99)
	}
}

var roles = map[string]func() error{
	"exit-42":    func() error { os.Exit(42); return nil },
	"hold":       hold,
	"signals":    signals,
	"report":     report,
	"orphans":    orphans,
	"exec-memfd": execMemfd,
	"die": func() error {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	},
}

// hold makes what must not outlive the room, says so, and waits.
func hold() error {
	if err := os.Mkdir("/run/inner", 0o700); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run/inner", "tmpfs", 0, ""); err != nil {
		return err
	}
	for _, path := range []string{"/run/inner/plain", "/tmp/plain"} {
		if err := os.WriteFile(path, []byte("plain"), 0o600); err != nil {
			return err
		}
	}
	// The shell ends at once, so its child is adopted by init; it keeps stdout open.
	cmd := exec.Command("sh", "-c", "sleep 1000 & echo held")
	cmd.Stdout = os.Stdout
	if err := cmd.Run(); err != nil {
		return err
	}
	for { // not select: Go ends a program all of whose goroutines wait
		_ = syscall.Pause()
	}
}

func signals() error {
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM)
	fmt.Println("ready")
	for s := range c {
		fmt.Println(s)
		if s == syscall.SIGTERM {
			os.Exit(130)
		}
	}
	return nil
}

type facts struct {
	Args                      []string
	Env                       []string
	Hostname, Cwd             string
	FDs, Procs                []string
	Dumpable                  int
	Core                      uint64
	In, Writes, Mounts, Flags map[string]string
	Resolv                    bool
}

func report() error {
	f := facts{Args: os.Args, Env: os.Environ(), In: map[string]string{}, Writes: map[string]string{}, Mounts: map[string]string{}, Flags: map[string]string{}}
	f.Hostname, _ = os.Hostname()
	f.Cwd, _ = os.Getwd()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return err
	}
	for _, fd := range fds {
		// Go's own: its poller, and the cgroup files by which it sizes itself.
		to, err := os.Readlink(fd)
		if err == nil && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
			f.FDs = append(f.FDs, filepath.Base(fd))
		}
	}
	if f.Procs, err = filepath.Glob("/proc/[0-9]*"); err != nil {
		return err
	}
	d, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return err
	}
	f.Dumpable = d
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &lim); err != nil {
		return err
	}
	f.Core = lim.Max
	for _, dir := range []string{"/run/cleanroom/in/in-1", "/run/cleanroom/out/out-1"} {
		if b, err := os.ReadFile(filepath.Join(dir, "file")); err == nil {
			f.In[dir] = string(b)
		}
	}
	for _, dir := range []string{"/", "/etc", "/usr", "/tmp", "/var/tmp", "/run", "/dev/shm", "/run/cleanroom/in/in-1", "/run/cleanroom/out/out-1"} {
		f.Writes[dir] = "ok"
		if err := os.WriteFile(filepath.Join(dir, "cleanroom-test-written"), []byte("x"), 0o600); err != nil {
			f.Writes[dir] = err.(*os.PathError).Err.Error()
		}
	}
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(info)) {
		fields, tail, _ := strings.Cut(line, " - ")
		at := strings.Fields(fields)
		f.Mounts[at[4]] = strings.Fields(tail)[0]
		f.Flags[at[4]] = at[5] + " " + strings.Join(at[6:], " ") + ";" + strings.Fields(tail)[2]
	}
	_, err = os.Stat("/etc/resolv.conf")
	f.Resolv = err == nil
	return json.NewEncoder(os.Stdout).Encode(f)
}

// orphans leaves children to init and waits until none is left as a zombie.
func orphans() error {
	for range 20 {
		if err := exec.Command("sh", "-c", "true & exit 0").Run(); err != nil {
			return err
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		left, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return err
		}
		if len(left) == 2 { // init and this process
			fmt.Println("none left")
			return nil
		}
		<-tick.C
	}
	return fmt.Errorf("zombies are left")
}

// execMemfd starts a program as go-plugin's host does: from a sealed memfd,
// under another uid, by a process that cannot be dumped.
func execMemfd() error {
	path, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("true", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, b); err != nil {
		return err
	}
	at, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 200)
	if err != nil {
		return err
	}
	unix.Close(fd)
	ro, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", at)) // a file open for writing is not executed
	if err != nil {
		return err
	}
	unix.Close(at)
	if at, err = unix.FcntlInt(ro.Fd(), unix.F_DUPFD_CLOEXEC, 200); err != nil {
		return err
	}
	ro.Close()
	cmd := exec.Command(fmt.Sprintf("/proc/self/fd/%d", at))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	fmt.Println("ran")
	return nil
}
