package sandbox

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestSeccompProfile(t *testing.T) {
	b, err := SeccompProfile()
	if err != nil {
		t.Fatal(err)
	}
	var p specs.LinuxSeccomp
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	if p.DefaultAction != specs.ActErrno {
		t.Errorf("what is not listed gets %s", p.DefaultAction)
	}
	if len(p.Architectures) != 1 {
		t.Errorf("architectures %v, want the native one alone", p.Architectures)
	}
	never := []string{"io_uring_setup", "ptrace", "bpf", "keyctl", "add_key", "userfaultfd", "perf_event_open", "mount", "fsopen",
		"move_mount", "unshare", "setns", "kexec_load", "socketcall", "clone3", "process_vm_readv", "open_by_handle_at", "init_module",
		"syscall", "io_setup", "pidfd_getfd", "memfd_secret", "modify_ldt"}
	for _, s := range p.Syscalls {
		if s.Action != specs.ActAllow {
			continue
		}
		for _, n := range never {
			if slices.Contains(s.Names, n) {
				t.Errorf("%s is allowed", n)
			}
		}
		if slices.ContainsFunc(s.Names, func(n string) bool {
			return n == "socket" || n == "socketpair" || n == "clone" || n == "personality"
		}) && len(s.Args) == 0 {
			t.Errorf("%v is allowed whatever its arguments", s.Names)
		}
		for _, a := range s.Args {
			if s.Names[0] == "socket" && a.Index == 0 && a.Value != unix.AF_UNIX && a.Value != unix.AF_INET && a.Value != unix.AF_INET6 {
				t.Errorf("address family %d is allowed", a.Value)
			}
		}
	}
}

func TestSyscallListsAreDisjoint(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range slices.Concat(allowed, allowedAMD64, forbidden, []string{"clone", "clone3", "personality", "socket", "socketpair"}) {
		if seen[n] {
			t.Errorf("%s is listed twice", n)
		}
		seen[n] = true
	}
}

func TestSeccompArchitectures(t *testing.T) {
	for arch, ok := range map[string]bool{"amd64": true, "arm64": true, "386": false, "": false} {
		if _, err := seccomp(arch); (err == nil) != ok {
			t.Errorf("seccomp(%q): %v", arch, err)
		}
	}
}

func TestMountinfo(t *testing.T) {
	const info = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:5 / /dev rw,nosuid - devtmpfs d rw
24 22 0:6 / /sys/fs/with\040space rw - tmpfs t rw
25 22 0:7 / /sys/ro ro,nosuid - sysfs s rw
26 22 0:8 / /sys/ro2 ro - sysfs s rw
bad line
`
	if got, want := writableMounts(info), []string{"/", "/dev", "/sys/fs/with space"}; !slices.Equal(got, want) {
		t.Errorf("writableMounts = %q, want %q", got, want)
	}
	for name, tc := range map[string]struct {
		name, dir string
		want      bool
	}{
		"itself":               {"/run", "/run", true},
		"beneath":              {"/run/x", "/run", true},
		"a neighbour is not":   {"/running", "/run", false},
		"above is not":         {"/", "/run", false},
		"a name with two dots": {"/run/..x", "/run", true},
	} {
		if got := under(tc.name, tc.dir); got != tc.want {
			t.Errorf("%s: under(%q, %q) = %v", name, tc.name, tc.dir, got)
		}
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("24 22 0:6 / /a\\040b rw - tmpfs t rw\n")
	f.Add("\\")
	f.Fuzz(func(t *testing.T, s string) { _ = writableMounts(s) })
}
