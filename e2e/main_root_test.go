package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inside is the first argument of the test binary once it is in namespaces of
// its own: what a scenario leaves behind is then plain to see, and what other
// people's processes do on the machine is not seen at all.
const inside = "-e2e-inside"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == inside {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: namespaces:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if os.Getuid() != 0 {
		os.Exit(m.Run()) // each test says what it needs
	}
	cmd := exec.Command("/proc/self/exe", append([]string{inside}, os.Args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); err != nil && code <= 0 {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	} else {
		os.Exit(code)
	}
}

// settle makes the namespaces usable: own propagation, own /proc, a lo that is up.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// state is all that a scenario could leave behind in this namespace.
type state struct{ processes, mounts, files []string }

// look takes the state; zombies are left out, for process 1 here does not reap
// those whose parents were killed on purpose.
func look(t testing.TB) (s state) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		b, err := os.ReadFile(filepath.Join(d, "stat"))
		if err != nil || pid == os.Getpid() {
			continue
		}
		text := string(b)
		if f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]); len(f) > 0 && f[0] != "Z" && f[0] != "X" {
			args, _ := os.ReadFile(filepath.Join(d, "cmdline"))
			s.processes = append(s.processes, strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if f := strings.Fields(l); len(f) > 4 {
			s.mounts = append(s.mounts, f[4])
		}
	}
	for _, dir := range []string{os.TempDir(), "/var/tmp", "/run", "/run/cleanroom", "/run/netns", "/dev/shm", "/var/lib/containers"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // not there, before or after
		}
		for _, e := range entries {
			s.files = append(s.files, filepath.Join(dir, e.Name()))
		}
	}
	return s
}

// sameAs waits a moment for the kernel to finish ending things, then compares.
func (s state) sameAs(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		now := look(t)
		left := append(append(extra(now.processes, s.processes), extra(now.mounts, s.mounts)...), extra(now.files, s.files)...)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: %q", left)
			return
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
