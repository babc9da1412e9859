package demo

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// killDescendant kills -9 the first process below root whose argument list has
// an argument that ends in suffix. The room has its own process numbers; these
// are the host's.
func killDescendant(root int, suffix string) error {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		for _, pid := range Descendants(root) {
			b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
			if err != nil {
				continue
			}
			arg0, _, _ := strings.Cut(string(b), "\x00")
			if strings.HasSuffix(arg0, suffix) {
				return syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	return fault.New(fault.Internal, "demo.kill", "no process %q below %d", suffix, root)
}

// Descendants lists the processes below root, nearest first.
func Descendants(root int) (all []int) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (comm) state ppid …: comm may hold anything but ends at the last ")".
		text := string(b)
		i := strings.LastIndexByte(text, ')')
		f := strings.Fields(text[i+1:])
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(s)))
		if len(f) < 2 || err1 != nil {
			continue
		}
		ppid, err2 := strconv.Atoi(f[1])
		if err2 == nil {
			children[ppid] = append(children[ppid], pid)
		}
	}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		all = append(all, children[queue[0]]...)
		queue = append(queue, children[queue[0]]...)
	}
	return all
}
