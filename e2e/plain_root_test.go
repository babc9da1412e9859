package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// TestNothingPlainIsLeft runs the demo, keeps all that is left of it (the room's
// bundle, every log, the governance service's folder, every blob of the storage,
// the brokers' folders, the collector's output), and looks for rows of the data
// and for the keys. While the application runs, it looks into every process's
// environment, and at what a crash of the room's processes would leave.
func TestNothingPlainIsLeft(t *testing.T) {
	m := parts(t)
	keep := filepath.Join(t.TempDir(), "keep")
	var mu sync.Mutex
	needles := rows(t, m.files)
	environments := 0
	_, err := demo.Run(context.Background(), demo.Options{
		Release: m.release, Files: m.files, Envoy: m.envoy, Azurite: m.azurite, Node: m.node, Collector: m.collector,
		Keep: keep, Out: io.Discard,
		OnSecret: func(name string, key []byte) {
			mu.Lock()
			defer mu.Unlock()
			needles[name] = bytes.Clone(key)
			needles[name+" in hex"] = []byte(hex.EncodeToString(key))
			needles[name+" in base64"] = []byte(base64.RawStdEncoding.EncodeToString(key))
			needles[name+" in URL base64"] = []byte(base64.RawURLEncoding.EncodeToString(key))
		},
		OnStage: func(stage string, room int) {
			if stage != "start" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			environments = lookIntoProcesses(t, needles, room)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if environments < 10 {
		t.Errorf("looked into %d environments, want the room's, its plugins' and the services'", environments)
	}
	if len(needles) < 20 {
		t.Errorf("looked for %d things only", len(needles))
	}
	files := 0
	err = filepath.WalkDir(keep, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		rel, _ := filepath.Rel(keep, path)
		search(t, needles, rel, b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"storage", "governance", "logs", "north-broker"} {
		if entries, err := os.ReadDir(filepath.Join(keep, want)); err != nil || len(entries) == 0 {
			t.Errorf("%s: nothing was there to look at (%v)", want, err)
		}
	}
	t.Logf("looked for %d things in %d files and %d environments", len(needles), files, environments)
}

// The search itself must find what is there.
func TestSearchFinds(t *testing.T) {
	if !found([]byte("xx842,1.5yy"), []byte("842,1.5")) || found([]byte("xx"), []byte("842,1.5")) {
		t.Error("the search does not work")
	}
}

func found(haystack, needle []byte) bool { return bytes.Contains(haystack, needle) }

func search(t *testing.T, needles map[string][]byte, where string, b []byte) {
	t.Helper()
	for name, n := range needles {
		if found(b, n) {
			t.Errorf("%s: holds %s", where, name)
		}
	}
}

// rows picks lines from the beginning, the middle and the end of each file.
func rows(t *testing.T, files string) map[string][]byte {
	t.Helper()
	needles := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(files, "data", "*", "*.csv"))
	if err != nil || len(paths) != 3 {
		t.Fatalf("data: %v, %v", paths, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		for _, i := range []int{1, 2, len(lines) / 2, len(lines) - 2, len(lines) - 1} {
			needles[filepath.Base(filepath.Dir(p))+"/"+filepath.Base(p)+" line "+strconv.Itoa(i+1)] = []byte(lines[i])
		}
	}
	return needles
}

// lookIntoProcesses reads every environment, and sees that no process of the
// room may write a core file.
func lookIntoProcesses(t *testing.T, needles map[string][]byte, room int) (seen int) {
	t.Helper()
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err != nil || len(env) == 0 {
			continue // gone, or a zombie
		}
		seen++
		search(t, needles, "environment of "+d, env)
	}
	for _, pid := range append(demo.Descendants(room), room) {
		limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "limits"))
		if err != nil {
			continue
		}
		for _, l := range strings.Split(string(limits), "\n") {
			if rest, ok := strings.CutPrefix(l, "Max core file size"); ok && strings.Fields(rest)[0] != "0" {
				args, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
				t.Errorf("process %q may write a core file: %s", args, l)
			}
		}
	}
	return seen
}
