package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// memoryLimit is cleanroomd's own, in MiB, while one file of fileSize is read through.
const memoryLimit = 256

// memory runs a demo whose northern hospital has one large file and whose application
// reads all of it, and looks at the room's process.
func (b *bench) memory(ctx context.Context) error {
	files := filepath.Join(b.dir, "large")
	if err := b.largeDemo(files); err != nil {
		return err
	}
	defer os.RemoveAll(files)
	o := b.demoOptions()
	o.Files = files
	var room, source float64
	var failed error
	o.OnStage = func(stage string, pid int) {
		if stage == "capture" {
			room, source, failed = family(pid)
		}
	}
	r, err := b.demo(ctx, o)
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	b.report.add(Measure{Name: "room: cleanroomd's memory, 1 GiB read through", Unit: "MiB", Ours: room, Limit: memoryLimit,
		Note: fmt.Sprintf("source plugin besides %.0f MiB", source)})
	b.report.add(Measure{Name: "room: sequential read by the application", Unit: "MiB/s", Ours: fileSize / (1 << 20) / (r.capture / 1000),
		Note: "from Azurite through plugin, core and mount, in the sandbox"})
	return nil
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
func family(root int) (room, source float64, err error) {
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
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		name, _, _ := strings.Cut(string(line), "\x00")
		mib, err := peak(pid)
		switch {
		case err != nil: // it ended, or has no memory
		case filepath.Base(name) == "cleanroomd-sim":
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
