package sandbox

import (
	"encoding/json"
	"runtime"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// What clone(2) may not be asked for: every CLONE_NEW* that fits its flags.
const cloneNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// sockTypeMask cuts SOCK_NONBLOCK and SOCK_CLOEXEC from a socket's type (linux/net.h).
const sockTypeMask = 0xf

// SeccompProfile returns the application's system call filter as JSON that both
// OCI runtimes and podman read: native architecture only, so a call by int 0x80
// or x32 kills; everything not listed is as if this kernel did not have it.
func SeccompProfile() ([]byte, error) {
	p, err := seccomp(runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return nil, fault.New(fault.Internal, "sandbox.seccomp", "%w", err)
	}
	return append(b, '\n'), nil
}

func seccomp(goarch string) (*specs.LinuxSeccomp, error) {
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, DefaultErrnoRet: errno(unix.ENOSYS)}
	calls := allowed
	switch goarch {
	case "amd64":
		p.Architectures = []specs.Arch{specs.ArchX86_64}
		calls = append(calls[:len(calls):len(calls)], allowedAMD64...)
	case "arm64":
		p.Architectures = []specs.Arch{specs.ArchAARCH64}
	default:
		return nil, fault.New(fault.Invalid, "sandbox.seccomp", "no profile for architecture %s", goarch)
	}
	p.Syscalls = []specs.LinuxSyscall{
		{Names: calls, Action: specs.ActAllow},
		// EPERM, not ENOSYS: programs expect these to exist and to be forbidden.
		{Names: forbidden, Action: specs.ActErrno, ErrnoRet: errno(unix.EPERM)},
		{Names: []string{"clone"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{
			{Index: 0, Value: cloneNamespaces, ValueTwo: 0, Op: specs.OpMaskedEqual}}},
		// Its flags are in memory, out of a filter's sight; libc falls back to clone.
		{Names: []string{"clone3"}, Action: specs.ActErrno, ErrnoRet: errno(unix.ENOSYS)},
		// The plain personality, and the question for it.
		allowArg("personality", 0, 0), allowArg("personality", 0, 0xffffffff),
		allowArg("socketpair", 0, unix.AF_UNIX),
		allowArg("socket", 0, unix.AF_UNIX),
	}
	for _, family := range []uint64{unix.AF_INET, unix.AF_INET6} {
		for _, s := range []struct{ typ, proto uint64 }{
			{unix.SOCK_STREAM, 0}, {unix.SOCK_STREAM, unix.IPPROTO_TCP},
			{unix.SOCK_DGRAM, 0}, {unix.SOCK_DGRAM, unix.IPPROTO_UDP},
		} {
			p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: []string{"socket"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{
				{Index: 0, Value: family, Op: specs.OpEqualTo},
				{Index: 1, Value: sockTypeMask, ValueTwo: s.typ, Op: specs.OpMaskedEqual},
				{Index: 2, Value: s.proto, Op: specs.OpEqualTo},
			}})
		}
	}
	// Programs know what to do without an address family; without socket(2) not.
	for family := uint64(unix.AF_UNSPEC); family < unix.AF_INET6; family++ {
		if family != unix.AF_UNIX && family != unix.AF_INET {
			p.Syscalls = append(p.Syscalls, refuseFamily(family, specs.OpEqualTo))
		}
	}
	p.Syscalls = append(p.Syscalls, refuseFamily(unix.AF_INET6, specs.OpGreaterThan))
	return p, nil
}

func allowArg(name string, index uint, value uint64) specs.LinuxSyscall {
	return specs.LinuxSyscall{Names: []string{name}, Action: specs.ActAllow,
		Args: []specs.LinuxSeccompArg{{Index: index, Value: value, Op: specs.OpEqualTo}}}
}

func refuseFamily(family uint64, op specs.LinuxSeccompOperator) specs.LinuxSyscall {
	return specs.LinuxSyscall{Names: []string{"socket"}, Action: specs.ActErrno, ErrnoRet: errno(unix.EAFNOSUPPORT),
		Args: []specs.LinuxSeccompArg{{Index: 0, Value: family, Op: op}}}
}

func errno(e syscall.Errno) *uint { n := uint(e); return &n }
