package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// jobs are what a child does: it is this program again, in pid and mount namespaces of
// its own, so that its memory is that of what it measures, and all it mounts and starts
// ends with it.
var jobs = map[string]func(ctx context.Context, in []byte) (any, error){
	"podman": job(runPodman),
	"read":   job(runRead),
	"proxy":  job(runProxy),
	"volume": job(runVolume),
	"write":  job(runWrite),
}

func job[In, Out any](f func(context.Context, In) (Out, error)) func(context.Context, []byte) (any, error) {
	return func(ctx context.Context, b []byte) (any, error) {
		var in In
		if err := json.Unmarshal(b, &in); err != nil {
			return nil, fault.New(fault.Internal, "child", "%w", err)
		}
		return f(ctx, in)
	}
}

// Child is the main function of a child. Its result is one object on stdout.
func Child(ctx context.Context, name string, in []byte) error {
	if name == "pass" { // of another child, whose namespaces it has
		return result(ctx, job(runPass), in)
	}
	f := jobs[name]
	if f == nil || os.Getpid() != 1 {
		return fault.New(fault.Usage, "child", "is for this program's own use")
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fault.New(fault.Unavailable, "child", "proc: %w", err)
	}
	return result(ctx, f, in)
}

func result(ctx context.Context, f func(context.Context, []byte) (any, error), in []byte) error {
	out, err := f(ctx, in)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// child runs a job and returns its result.
func child[Out any](ctx context.Context, name string, in any) (Out, error) {
	return again[Out](ctx, name, in, &syscall.SysProcAttr{
		Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS,
	})
}

// beside runs a job in the namespaces of this child.
func beside[Out any](ctx context.Context, name string, in any) (Out, error) {
	return again[Out](ctx, name, in, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
}

func again[Out any](ctx context.Context, name string, in any, attr *syscall.SysProcAttr) (out Out, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "child", name)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(b), &stdout, &stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = attr
	runtime.LockOSThread() // the death signal comes when the thread ends that started the child
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return out, fault.New(fault.Unavailable, "child "+name, "%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return out, json.Unmarshal(stdout.Bytes(), &out)
}

// scratch mounts memory at a folder of this child alone, which every user may pass.
func scratch(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=711"); err != nil {
		return "", fmt.Errorf("tmpfs: %w", err)
	}
	return dir, nil
}

// peak is the most resident memory that a process has had, in MiB (VmHWM of proc_pid_status(5)).
func peak(pid string) (float64, error) {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); name == "VmHWM" {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("process %s has no VmHWM", pid)
}
