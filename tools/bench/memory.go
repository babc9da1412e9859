package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/room"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// memoryLimit is cleanroomd's own, in MiB, while one file of fileSize is read through.
const memoryLimit = 256

// memory runs a room of a demo whose northern hospital has one large file and whose
// application reads all of it, and looks at the room's processes.
func (b *bench) memory(ctx context.Context) error {
	files := filepath.Join(b.dir, "large")
	if err := b.largeDemo(files); err != nil {
		return err
	}
	defer os.RemoveAll(files)
	o := b.demoOptions()
	o.Files, o.Out = files, io.Discard
	var t reading
	o.OnReady = func(command []string) (err error) {
		t, err = readThrough(ctx, command)
		return err
	}
	if _, err := demo.Run(ctx, o); err != nil {
		return err
	}
	b.report.add(Measure{Name: "room: cleanroomd's memory, 1 GiB read through", Unit: "MiB", Ours: t.room, Limit: memoryLimit,
		Note: fmt.Sprintf("the source's plugin has %.0f MiB besides", t.source)})
	b.report.add(Measure{Name: "room: sequential read by the application", Unit: "MiB/s", Ours: fileSize / (1 << 20) / (t.millis / 1000),
		Note: "from Azurite through plugin, core and mount, in the sandbox"})
	return nil
}

// reading is what was seen of one room.
type reading struct {
	room, source float64 // peaks in MiB
	millis       float64 // that the application ran
}

// readThrough runs a room to its end.
func readThrough(ctx context.Context, command []string) (t reading, err error) {
	out, in := io.Pipe()
	var stderr bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = in, &stderr
	p, err := start(cmd)
	if err != nil {
		return t, fault.New(fault.Unavailable, "cleanroomd-sim", "%w", err)
	}
	defer p.stop()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })() // it closes in order
	go func() { <-p.over; in.Close() }()
	for s := bufio.NewScanner(out); s.Scan(); {
		var e room.Event
		if json.Unmarshal(s.Bytes(), &e) != nil || e.Stage != "capture" || e.State != "done" {
			continue
		}
		t.millis = float64(e.Millis)
		if t.room, t.source, err = family(cmd.Process.Pid, command[0]); err != nil {
			return t, err
		}
	}
	<-p.over
	if code := cmd.ProcessState.ExitCode(); code != 0 || t.room == 0 {
		return t, fault.New(fault.Unavailable, "cleanroomd-sim", "ended with %d: %s", code, &stderr)
	}
	return t, nil
}

// largeDemo makes the demo's files again, with more data and an application that reads it.
func (b *bench) largeDemo(dir string) error {
	text, err := os.ReadFile(filepath.Join(b.Files, "cleanroom.yaml"))
	if err != nil {
		return fault.New(fault.Usage, "bench", "--files: %w", err)
	}
	changed := strings.NewReplacer("command: ${command}", `command: ["/app", "read"]`, "wallTime: 60s", "wallTime: 600s").Replace(string(text))
	for _, sub := range []string{"data", "policies"} {
		if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(filepath.Join(b.Files, sub))); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "cleanroom.yaml"), []byte(changed), 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, "data", "north", "large.bin"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

// family finds the peaks of a room's processes: cleanroomd's own, which are several of
// one binary, and the source plugins'. The larger one counts.
func family(root int, binary string) (room, source float64, err error) {
	own, err := os.Stat(binary)
	if err != nil {
		return 0, 0, err
	}
	parents := map[string]string{}
	dirs, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, 0, err
	}
	for _, path := range dirs {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 {
			parents[filepath.Base(filepath.Dir(path))] = f[1]
		}
	}
	for pid := range parents {
		if !descends(parents, pid, strconv.Itoa(root)) {
			continue
		}
		mib, err := peak(pid)
		if err != nil {
			continue // it ended, or has no memory
		}
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		name, _, _ := strings.Cut(string(line), "\x00")
		exe, err := os.Stat("/proc/" + pid + "/exe")
		switch {
		case err == nil && os.SameFile(exe, own):
			room = max(room, mib)
		case name == "source/azblob":
			source = max(source, mib)
		}
	}
	if room == 0 {
		return 0, 0, fault.New(fault.Unavailable, "memory", "no process of the room was found")
	}
	return room, source, nil
}

func descends(parents map[string]string, pid, root string) bool {
	for range parents { // as many steps as there are processes, at most
		if pid == root {
			return true
		}
		next, ok := parents[pid]
		if !ok {
			return false
		}
		pid = next
	}
	return false
}
