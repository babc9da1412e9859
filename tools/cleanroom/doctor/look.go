package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

type look = func(context.Context) (string, error)

func root(context.Context) (string, error) {
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("runs as user %d", os.Geteuid())
	}
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return "", cause(err)
	}
	if f := strings.Fields(string(ids)); len(f) != 3 || f[0] != "0" || f[1] != "0" || f[2] != "4294967295" {
		return "", fmt.Errorf("root of a user namespace alone, not of the machine")
	}
	var caps [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &caps[0]); err != nil {
		return "", err
	}
	for name, bit := range map[string]uint{"CAP_SYS_ADMIN": unix.CAP_SYS_ADMIN, "CAP_NET_ADMIN": unix.CAP_NET_ADMIN, "CAP_MKNOD": unix.CAP_MKNOD} {
		if caps[bit/32].Effective>>(bit%32)&1 == 0 {
			return "", fmt.Errorf("root without %s", name)
		}
	}
	return "root of the machine", nil
}

// namespaces starts a program in new ones of every kind that a room has.
func namespaces(ctx context.Context) (string, error) {
	_, err := run(ctx, syscall.CLONE_NEWUSER|syscall.CLONE_NEWNS|syscall.CLONE_NEWPID|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC|syscall.CLONE_NEWUTS, "true")
	if err != nil {
		return "", err
	}
	return "user, mount, pid, network, ipc, uts", nil
}

// packetFilter lists the rules of a new, empty network namespace, never the machine's.
func packetFilter(name string) look {
	return func(ctx context.Context) (string, error) {
		if _, err := run(ctx, syscall.CLONE_NEWNET, name, "-w", "-S"); err != nil {
			return "", err
		}
		return "works in a new network namespace", nil
	}
}

func run(ctx context.Context, flags uintptr, name string, args ...string) (string, error) {
	path, err := find(name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if flags != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	}
	if flags&syscall.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	err = cmd.Run()
	first, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s does not answer within %s", name, Timeout)
	case err != nil && first != "":
		return "", fmt.Errorf("%w: %.200s", cause(err), first)
	case err != nil:
		return "", cause(err)
	}
	return first, nil
}

// find looks on PATH, and where Debian keeps an administrator's programs.
func find(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s on PATH", name)
}

func program(name string) look {
	return func(context.Context) (string, error) { return find(name) }
}

func file(path string) look {
	return func(context.Context) (string, error) {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", path, cause(err))
		}
		return path, nil
	}
}

func placed(where func() (string, error)) look {
	return func(ctx context.Context) (string, error) {
		path, err := where()
		if err != nil {
			return "", err
		}
		return file(path)(ctx)
	}
}

func device(path string) look {
	return func(context.Context) (string, error) {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, cause(err))
		}
		return path, f.Close()
	}
}

func cgroups(context.Context) (string, error) {
	const dir = "/sys/fs/cgroup"
	if err := unix.Access(dir, unix.R_OK|unix.X_OK); err != nil {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	if _, err := os.Stat(dir + "/cgroup.controllers"); err == nil {
		return "version 2", nil
	}
	for _, controller := range []string{"memory", "cpu", "pids"} {
		if _, err := os.Stat(dir + "/" + controller); err != nil {
			return "", fmt.Errorf("%s: no controller %s", dir, controller)
		}
	}
	return "version 1", nil
}

func openFiles(context.Context) (string, error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return "", err
	}
	if r.Max < leastFiles {
		return "", fmt.Errorf("at most %d, needs %d", r.Max, leastFiles)
	}
	return fmt.Sprintf("at most %d", r.Max), nil
}

func memory(context.Context) (string, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "", cause(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "MemAvailable:" {
			continue
		}
		kib, err := strconv.ParseUint(f[1], 10, 54)
		if err != nil {
			return "", err
		}
		return enough(kib*1024, leastMemory)
	}
	return "", fmt.Errorf("/proc/meminfo does not say what is available")
}

func disk(context.Context) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(os.TempDir(), &s); err != nil {
		return "", fmt.Errorf("%s: %w", os.TempDir(), err)
	}
	free, err := enough(s.Bavail*uint64(s.Bsize), leastDisk)
	if err != nil {
		return "", fmt.Errorf("%s: %w", os.TempDir(), err)
	}
	return free + " in " + os.TempDir(), nil
}

func enough(have, want uint64) (string, error) {
	if have < want {
		return "", fmt.Errorf("%d MiB free, needs %d MiB", have>>20, want>>20)
	}
	return fmt.Sprintf("%d MiB free", have>>20), nil
}

func loopback(context.Context) (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return "ports on 127.0.0.1 can be had", l.Close()
}

// cause leaves out what the message around says already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
