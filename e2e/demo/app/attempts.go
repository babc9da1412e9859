package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"
)

// attempt is one thing that must not work.
type attempt struct {
	Name    string `json:"name"`
	Target  string `json:"target,omitempty"`
	Allowed bool   `json:"allowed"` // it worked: the room leaks
	Error   string `json:"error,omitempty"`
}

// Numbers that package syscall lacks (Linux, x86-64 where they differ).
const (
	afVsock       = 40
	cloneNewUser  = 0x10000000
	sysIOUring    = 425
	sysBPF        = 321
	sysUserfault  = 323
	sysPerfEvent  = 298
	ptraceTraceMe = 0
)

// tryEverything lists what it tried and how that ended. Addresses are those that
// are set aside for documentation: nobody's.
func tryEverything() []attempt {
	var all []attempt
	try := func(name, target string, f func() error) {
		a := attempt{Name: name, Target: target}
		if err := f(); err != nil {
			a.Error = err.Error()
		} else {
			a.Allowed = true
		}
		all = append(all, a)
	}
	try("internet", "198.51.100.7:443", func() error { return dial("tcp", "198.51.100.7:443") })
	try("internet over IPv6", "[2001:db8::7]:443", func() error { return dial("tcp", "[2001:db8::7]:443") })
	try("metadata service", "169.254.169.254:80", func() error { return dial("tcp", "169.254.169.254:80") })
	try("undeclared host", "collector.example", func() error { return dial("tcp", "collector.example:80") })
	try("undeclared host by another name", "reference.demo as collector.example", func() error {
		return answered(get("http://reference.demo/v1/reference", "collector.example"))
	})
	try("undeclared path", "/v1/upload", func() error { return answered(get("http://reference.demo/v1/upload", "")) })
	try("path in disguise", "/v1/reference/..%2fupload", func() error { return answered(get("http://reference.demo/v1/reference/..%2fupload", "")) })
	try("datagrams", "203.0.113.5:9999", func() error { return datagram("203.0.113.5:9999") })
	try("another name server", "203.0.113.5:53", func() error { return datagram("203.0.113.5:53") })

	for _, f := range []string{"/run/cleanroom", "/proc/1/root/etc/shadow", "/data/north/../../run/cleanroom", "/sys/kernel", "/proc/kcore", "/dev/mem", "/proc/sysrq-trigger"} {
		try("another's file", f, func() error { return readable(f) })
	}
	try("change the input", northDir, func() error { return os.WriteFile(filepath.Join(northDir, "measurements.csv"), []byte("x"), 0o644) })
	try("change the image", "/app", func() error { return os.WriteFile("/app", []byte("x"), 0o755) })

	sock := func(family, kind, proto int) error {
		fd, err := syscall.Socket(family, kind, proto)
		if err == nil {
			syscall.Close(fd)
		}
		return err
	}
	try("socket to the hypervisor", "AF_VSOCK", func() error { return sock(afVsock, syscall.SOCK_STREAM, 0) })
	try("frames on the wire", "AF_PACKET", func() error { return sock(syscall.AF_PACKET, syscall.SOCK_RAW, 0) })
	try("raw packets", "SOCK_RAW", func() error { return sock(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP) })
	try("routes and rules", "AF_NETLINK", func() error { return sock(syscall.AF_NETLINK, syscall.SOCK_RAW, 0) })
	call := func(name string, trap, a, b, c uintptr) {
		try("system call", name, func() error {
			if _, _, e := syscall.Syscall(trap, a, b, c); e != 0 {
				return e
			}
			return nil
		})
	}
	var params [120]byte
	call("io_uring_setup", sysIOUring, 8, uintptr(unsafe.Pointer(&params[0])), 0)
	call("bpf", sysBPF, 0, uintptr(unsafe.Pointer(&params[0])), uintptr(len(params)))
	call("userfaultfd", sysUserfault, 0, 0, 0)
	call("perf_event_open", sysPerfEvent, uintptr(unsafe.Pointer(&params[0])), 0, 0)
	call("ptrace", syscall.SYS_PTRACE, ptraceTraceMe, 0, 0)
	call("unshare", syscall.SYS_UNSHARE, cloneNewUser, 0, 0)
	call("setuid 0", syscall.SYS_SETUID, 0, 0, 0)
	try("mount", "tmpfs", func() error { return syscall.Mount("none", "/tmp", "tmpfs", 0, "") })
	try("device", "mknod", func() error { return syscall.Mknod("/tmp/mem", syscall.S_IFCHR|0o666, 0x101) })
	return all
}

// answered turns an answer into a success only if it came from the service.
func answered(status int, body string, err error) error {
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("status %d: %.80s", status, body)
	}
	return nil
}

// datagram succeeds only if something answers.
func datagram(addr string) error {
	c, err := net.DialTimeout("udp", addr, patience)
	if err != nil {
		return err
	}
	defer c.Close()
	// A question for collector.example, which a name server would answer.
	q := []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09collector\x07example\x00\x00\x01\x00\x01")
	if _, err := c.Write(q); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		return err
	}
	b := make([]byte, 512)
	n, err := c.Read(b)
	if err != nil {
		return err
	}
	if n > 7 && b[7] == 0 { // the room's own stub answers with no record
		return errors.New("answered without an address")
	}
	return nil
}

// readable succeeds if a file has a byte to read, or a folder an entry. A masked
// file is the null device, which opens and is empty.
func readable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err == nil && len(entries) == 0 {
			return errors.New("empty")
		}
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if n, err := f.Read(make([]byte, 1)); n == 0 {
		return fmt.Errorf("nothing to read: %w", err)
	}
	return nil
}
