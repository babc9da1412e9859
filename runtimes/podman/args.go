package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

const (
	idCount = 65536      // ids in the application's user namespace
	tmpSize = "67108864" // bytes of /tmp and of /dev/shm

	// What of /proc tells an application about the machine or its neighbours, besides what
	// podman masks by itself. Those that a kernel lacks are passed over.
	masked = "/proc/buddyinfo:/proc/cmdline:/proc/config.gz:/proc/diskstats:/proc/interrupts:/proc/iomem:/proc/ioports:" +
		"/proc/kallsyms:/proc/kmsg:/proc/kpagecgroup:/proc/kpagecount:/proc/kpageflags:/proc/locks:/proc/mdstat:/proc/modules:" +
		"/proc/mtrr:/proc/pagetypeinfo:/proc/partitions:/proc/schedstat:/proc/slabinfo:/proc/softirqs:/proc/swaps:" +
		"/proc/vmallocinfo:/proc/zoneinfo"
)

var (
	hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// runArgs returns the arguments of `podman run` for a request, or what is wrong
// with that. It changes nothing.
func runArgs(r *sdk.StartRequest, s *state) ([]string, error) {
	if err := checkStart(r); err != nil {
		return nil, sdk.Errorf(sdk.Invalid, "podman.start", "%w", err)
	}
	base, user := strconv.FormatUint(uint64(r.GetUidBase()), 10), strconv.FormatUint(uint64(r.GetUser()), 10)
	ids := "0:" + base + ":" + strconv.Itoa(idCount)
	memory, files, pids := strconv.FormatInt(r.GetMemory(), 10), strconv.FormatUint(r.GetOpenFiles(), 10), strconv.FormatInt(r.GetPids(), 10)
	args := []string{"run", "--detach", "--name=application", "--pull=never", "--restart=no",
		"--pidfile=" + s.path("run/app.pid"), "--conmon-pidfile=" + s.path("run/conmon.pid"),
		// The console is the two descriptors that podman itself gets: nothing is
		// copied, stamped, rotated or kept.
		"--log-driver=passthrough", "--sdnotify=ignore", "--systemd=false", "--no-healthcheck",
		// Who it is, and what it may.
		"--user=" + user + ":" + user, "--uidmap=" + ids, "--gidmap=" + ids, "--passwd=false",
		"--cap-drop=all", "--security-opt=no-new-privileges", "--security-opt=seccomp=" + r.GetSeccompProfile(),
		// Files are FUSE and tmpfs mounts of the room, which carry no labels.
		"--security-opt=label=disable", "--security-opt=mask=" + masked,
		"--pid=private", "--ipc=private", "--uts=private", "--cgroupns=private",
		// What it sees: its image, its inputs and outputs, a little scratch space.
		"--read-only", "--read-only-tmpfs=false", "--image-volume=ignore", "--shm-size=" + tmpSize,
		// With a user namespace and a network namespace made by others, /sys is the host's.
		"--mount=type=tmpfs,destination=/sys,ro=true,tmpfs-size=4096,noexec,nosuid,nodev,notmpcopyup",
		// Whom it can reach: what is in its namespace.
		"--network=ns:" + r.GetNetworkNamespace(), "--no-hosts", "--http-proxy=false",
		"--dns=" + r.GetDns(), "--dns-search=.", "--hostname=" + r.GetHostname(),
		// How much of the machine.
		"--memory=" + memory, "--memory-swap=" + memory, "--cpus=" + strconv.FormatFloat(r.GetCpus(), 'f', -1, 64), "--pids-limit=" + pids,
		"--ulimit=nofile=" + files + ":" + files, "--ulimit=nproc=" + pids + ":" + pids, "--ulimit=core=0:0",
		"--oom-score-adj=1000", // it goes before anything of the room
		"--workdir=" + r.GetWorkDir(), "--unsetenv-all",
	}
	for _, key := range slices.Sorted(maps.Keys(r.GetEnv())) {
		args = append(args, "--env="+key+"="+r.GetEnv()[key])
	}
	mounts := r.GetMounts()
	if !slices.ContainsFunc(mounts, func(m *sdk.Mount) bool { return m.GetTarget() == "/tmp" }) {
		mounts = append([]*sdk.Mount{{Source: s.path("app-tmp"), Target: "/tmp", Writable: true}}, mounts...)
	}
	for _, m := range mounts {
		args = append(args, fmt.Sprintf("--mount=type=bind,source=%s,destination=%s,ro=%t,bind-propagation=private,noexec,nosuid,nodev",
			m.GetSource(), m.GetTarget(), !m.GetWritable()))
	}
	// The whole command as the entry point: nothing of the image's own is added.
	command, err := json.Marshal(r.GetCommand())
	if err != nil {
		return nil, sdk.Errorf(sdk.Invalid, "podman.start", "command: %w", err)
	}
	return append(args, "--entrypoint="+string(command), s.image), nil
}

func checkStart(r *sdk.StartRequest) error {
	switch {
	case len(r.GetCommand()) == 0 || r.GetCommand()[0] == "":
		return fmt.Errorf("command: is required")
	case r.GetUser() == 0 || r.GetUser() >= idCount:
		return fmt.Errorf("user %d: must be between 1 and %d", r.GetUser(), idCount-1)
	case r.GetUidBase() < idCount || r.GetUidBase() > math.MaxInt32-idCount:
		return fmt.Errorf("uidBase %d: must be between %d and %d", r.GetUidBase(), idCount, math.MaxInt32-idCount)
	case r.GetMemory() < 6<<20: // podman refuses less
		return fmt.Errorf("memory %d: must be at least 6 MiB", r.GetMemory())
	case !(r.GetCpus() >= 0.01 && r.GetCpus() <= 1024): // also not a number
		return fmt.Errorf("cpus %v: must be between 0.01 and 1024", r.GetCpus())
	case r.GetPids() < 1:
		return fmt.Errorf("pids %d: must be at least 1", r.GetPids())
	case r.GetOpenFiles() < 16 || r.GetOpenFiles() > 1<<20:
		return fmt.Errorf("openFiles %d: must be between 16 and %d", r.GetOpenFiles(), 1<<20)
	case !hostname.MatchString(r.GetHostname()):
		return fmt.Errorf("hostname %.80q: must match %v", r.GetHostname(), hostname)
	}
	if _, err := netip.ParseAddr(r.GetDns()); err != nil {
		return fmt.Errorf("dns: %w", err)
	}
	for name, path := range map[string]string{
		"networkNamespace": r.GetNetworkNamespace(), "seccompProfile": r.GetSeccompProfile(), "workDir": r.GetWorkDir(),
		"stdout": r.GetStdout(), "stderr": r.GetStderr(),
	} {
		if err := checkPath(path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for key, value := range r.GetEnv() {
		if !variable.MatchString(key) || strings.ContainsRune(value, 0) {
			return fmt.Errorf("env %.80q: must match %v", key, variable)
		}
	}
	seen := map[string]bool{}
	for i, m := range r.GetMounts() {
		if err := checkMount(m); err != nil {
			return fmt.Errorf("mounts[%d]: %w", i, err)
		}
		if seen[m.GetTarget()] {
			return fmt.Errorf("mounts[%d]: target %.200q: is another's too", i, m.GetTarget())
		}
		seen[m.GetTarget()] = true
	}
	return nil
}

// checkFilter refuses what podman would take for a filter and then leave out: a
// file of another shape runs the application without any.
func checkFilter(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var filter struct {
		DefaultAction string   `json:"defaultAction"`
		Architectures []string `json:"architectures"`
		Syscalls      []any    `json:"syscalls"`
	}
	if err := json.Unmarshal(b, &filter); err != nil {
		return err
	}
	switch filter.DefaultAction {
	case "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP":
	default:
		return fmt.Errorf("defaultAction %.40q does not refuse", filter.DefaultAction)
	}
	if len(filter.Architectures) != 1 || len(filter.Syscalls) == 0 {
		return fmt.Errorf("must list one architecture and its system calls")
	}
	return nil
}

func checkMount(m *sdk.Mount) error {
	if err := checkPath(m.GetSource()); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if err := checkPath(m.GetTarget()); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for _, own := range []string{"/proc", "/sys", "/dev", "/etc/resolv.conf"} {
		if m.GetTarget() == "/" || m.GetTarget() == own || strings.HasPrefix(m.GetTarget(), own+"/") {
			return fmt.Errorf("target %.200q: is the runtime's own", m.GetTarget())
		}
	}
	return nil
}

// checkPath refuses what podman's option syntax would take apart.
func checkPath(p string) error {
	if !filepath.IsAbs(p) || filepath.Clean(p) != p || strings.ContainsAny(p, ",:\"\n\r\x00\\") {
		return fmt.Errorf("%.200q: must be an absolute, clean path without any of , : \" \\ or line ends", p)
	}
	return nil
}
