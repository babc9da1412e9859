package volume_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// help is another process that uses a mount. A fault on a mapped page stops a
// thread where Go's runtime cannot, so the process that serves must not do it itself.
func help(role string, args []string) int {
	err := map[string]func(string) error{
		"mmap": sumMapped, "sendfile": sumSent, "direct": sumDirect, "hold": hold, "die": die,
	}[role](args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// helper runs a role on a path and returns what it prints.
func helper(t *testing.T, role, path string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", path)
	cmd.Env = []string{helperRole + "=" + role}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v: %s", role, path, err, out)
	}
	return strings.TrimSpace(string(out))
}

func sumMapped(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	fmt.Printf("%x\n", sha256.Sum256(b))
	return syscall.Munmap(b)
}

func sumSent(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fd, err := unix.MemfdCreate("out", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), "out")
	defer out.Close()
	for {
		n, err := unix.Sendfile(fd, int(f.Fd()), nil, 1<<20)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, out); err != nil {
		return err
	}
	fmt.Printf("%x\n", h.Sum(nil))
	return nil
}

func sumDirect(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	mem, err := syscall.Mmap(-1, 0, 256<<10, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return err
	}
	h := sha256.New()
	for off := int64(0); ; {
		n, err := unix.Pread(fd, mem, off)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		h.Write(mem[:n])
		off += int64(n)
	}
	fmt.Printf("%x\n", h.Sum(nil))
	return nil
}

// hold keeps the file open, says so, and says what a read gives once its stdin has a line.
func hold(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Println("open")
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return err
	}
	_, err = f.ReadAt(make([]byte, 10), 0)
	fmt.Println("read:", err)
	return nil
}

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
