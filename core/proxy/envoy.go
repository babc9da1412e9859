package proxy

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	startTime = 20 * time.Second // for Envoy to listen, on a loaded machine
	lookEvery = 2 * time.Millisecond
	lookFully = 50      // looks after which the table is read, whatever the counts say
	tailBytes = 4 << 10 // of Envoy's standard error, kept for the case that it does not start
)

// envoy is the running process.
type envoy struct {
	cmd  *exec.Cmd
	tail *tail
	done chan struct{} // closed when it has ended
	err  error         // how; set before done closes
}

// envoyArgs are Envoy's arguments for serving the configuration at path. Without
// --disable-hot-restart the application could take its listener over.
func envoyArgs(path string) []string {
	return []string{"envoy", "--config-path", path, "--disable-hot-restart", "--concurrency", "1", "--log-level", "error", "--mode", "serve"}
}

// startEnvoy starts the binary as uid, with no capability, no way to get one, no
// environment and no descriptor but its own binary's, in the network namespace at
// nspath ("" is our own).
//
// Its thread is its own for as long as Envoy lives: what is taken from that thread
// is taken from Envoy, and Envoy ends with it.
func startEnvoy(binary *os.File, nspath, dir, config string, uid uint32) (*envoy, error) {
	const op = "proxy.envoy"
	e := &envoy{tail: &tail{}, done: make(chan struct{})}
	e.cmd = &exec.Cmd{
		// The opened file, so that uid needs no way to its folder.
		Path: "/proc/self/fd/3", Args: envoyArgs(config), ExtraFiles: []*os.File{binary},
		Env: []string{}, Dir: dir, Stderr: e.tail,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
		WaitDelay:   time.Second,
	}
	if os.Geteuid() == 0 {
		e.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends here
		if err := confine(nspath); err != nil {
			started <- err
			return
		}
		err := e.cmd.Start()
		started <- err
		if err == nil {
			e.err = e.cmd.Wait()
			close(e.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	return e, nil
}

// confine enters the namespace and gives up, for this thread and its children, all
// that a new user id would not already take away.
func confine(nspath string) error {
	if nspath != "" {
		ns, err := os.Open(nspath)
		if err != nil {
			return err
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering %s: %w", nspath, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no-new-privileges: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil // nothing to take
	}
	for c := uintptr(0); unix.Prctl(unix.PR_CAPBSET_READ, c, 0, 0, 0) == nil; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("dropping capability %d: %w", c, err)
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}

// ready waits until the process listens on at, and reads back from the kernel that
// it is as confined as it was meant to be.
func (e *envoy) ready(ctx context.Context, at netip.AddrPort, uid uint32) error {
	const op = "proxy.envoy"
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	// The table costs the kernel milliseconds, which Envoy needs to start; the counts
	// cost nothing, and a socket that listens changes them.
	var counts []byte
	for n := 0; ; n++ {
		now, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/sockstat", e.cmd.Process.Pid))
		if n%lookFully == 0 || err != nil || !bytes.Equal(now, counts) {
			counts = now
			if sockets, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", e.cmd.Process.Pid)); err == nil && listens(sockets, at, uid) {
				break
			}
		}
		select {
		case <-e.done:
			return fault.New(fault.Unavailable, op, "ended while starting: %v: %s", e.err, e.tail)
		case <-ctx.Done():
			return fault.New(fault.Unavailable, op, "does not listen after %v: %s", startTime, e.tail)
		case <-tick.C:
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	if err := confined(string(status), uid, os.Geteuid() == 0); err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	return nil
}

// listens finds a listening socket of uid at the address in /proc/PID/net/tcp (proc_pid_net(5)).
func listens(table []byte, at netip.AddrPort, uid uint32) bool {
	a := at.Addr().As4()
	local := fmt.Sprintf("%02X%02X%02X%02X:%04X", a[3], a[2], a[1], a[0], at.Port())
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 7 && f[1] == local && f[3] == "0A" && f[7] == strconv.FormatUint(uint64(uid), 10) {
			return true
		}
	}
	return false
}

// confined checks /proc/PID/status (proc_pid_status(5)).
func confined(status string, uid uint32, bounding bool) error {
	ids := strings.TrimRight(strings.Repeat(strconv.FormatUint(uint64(uid), 10)+"\t", 4), "\t")
	want := map[string]string{"Uid": ids, "NoNewPrivs": "1"}
	names := []string{"CapInh", "CapPrm", "CapEff", "CapAmb"}
	if bounding {
		names = append(names, "CapBnd")
		want["Gid"], want["Groups"] = ids, ""
	}
	none := hex.EncodeToString(make([]byte, 8))
	for _, n := range names {
		want[n] = none
	}
	found := 0
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		expected, asked := want[name]
		if !asked {
			continue
		}
		if value = strings.TrimSpace(value); value != expected {
			return fmt.Errorf("%s is %q, want %q", name, value, expected)
		}
		found++
	}
	if found != len(want) {
		return fmt.Errorf("the kernel says nothing of some of %d properties", len(want))
	}
	return nil
}

// stop ends the process and waits for it.
func (e *envoy) stop() {
	_ = e.cmd.Process.Kill() // it may have ended already
	<-e.done
}

// tail keeps the beginning of what is written. Its methods may be called concurrently.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps what fits and drops the rest.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(b[:min(len(b), tailBytes-t.buf.Len())])
	return len(b), nil
}

// String is what was kept, on one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(t.buf.String()), " ")
}
