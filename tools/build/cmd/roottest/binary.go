package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// runHere runs one test binary in its package's source folder, as `go test` would, and prints
// one line for it, and all of its output when it fails.
func (o options) runHere(ctx context.Context, label string, all results) (ok bool, err error) {
	dir, name, err := split(label)
	if err != nil {
		return false, err
	}
	binary, err := filepath.Abs(filepath.Join(o.bin, dir, name+"_", name))
	if err != nil {
		return false, err
	}
	release, err := filepath.Abs(o.release)
	if err != nil {
		return false, err
	}
	var out bytes.Buffer
	begin := time.Now()
	// The binary's own limit prints where it hangs; ours, later, ends what ignores that.
	ctx, cancel := context.WithTimeout(ctx, o.timeout+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout="+o.timeout.String())
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), needs.RequireVar+"=1", needs.ReleaseVar+"="+release)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second // for what holds the output open
	runErr := cmd.Run()
	if exit := (*exec.ExitError)(nil); runErr != nil && !errors.As(runErr, &exit) && !errors.Is(runErr, exec.ErrWaitDelay) {
		return false, fmt.Errorf("%s: %w", label, runErr)
	}
	all.addOutput(label, out.Bytes())
	seconds := time.Since(begin).Seconds()
	if runErr == nil {
		fmt.Fprintf(o.out, "ok    %-50s %6.1fs\n", label, seconds)
		for _, reason := range skips(out.Bytes()) {
			fmt.Fprintln(o.out, "      skipped:", reason)
		}
		return true, nil
	}
	// A binary that dies without a failed test is a failure of its own.
	all.fail(label, "(the test binary)", len(failures(out.Bytes())) == 0)
	fmt.Fprintf(o.out, "FAIL  %-50s %6.1fs %v\n%s\n", label, seconds, runErr, &out)
	return false, nil
}
