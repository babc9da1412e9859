package e2e

import (
	"context"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// TestNothingPlainIsLeft runs the demo, keeps all that is left of it (the room's
// bundle, every log, the governance service's folder, every blob of the storage,
// the brokers' folders, the collector's output), and looks for rows of the data
// and for the keys. While the application runs, it looks into every process's
// environment, and at what a crash of the room's processes would leave.
func TestNothingPlainIsLeft(t *testing.T) {
	m := parts(t)
	allowCoreFiles(t)
	n, err := rows(m.files)
	if err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(t.TempDir(), "keep")
	var mu sync.Mutex
	keks := map[string]*secret.Bytes{}
	looked := false
	before := look()
	_, err = demo.Run(context.Background(), demo.Options{
		Release: m.release, Files: m.files, Envoy: m.envoy, Azurite: m.azurite, Node: m.node, Collector: m.collector,
		Keep: keep, Out: io.Discard,
		OnSecret: func(name string, key []byte) {
			mu.Lock()
			defer mu.Unlock()
			n.add(name, key)
			if owner, ok := strings.CutSuffix(name, " KEK"); ok {
				if k, err := secret.New(slices.Clone(key)); err == nil {
					keks[owner] = k
				}
			}
		},
		OnStage: func(stage string, room int) {
			if stage != "start" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			looked = true
			lookIntoProcesses(t, n, room)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !looked {
		t.Error("no process was looked into")
	}
	if more := before.left(); len(more) > 0 {
		t.Errorf("left behind: %q", more)
	}
	addDEKs(t, n, filepath.Join(keep, "bundle", "spec.yaml"), keks)
	files, found, err := n.inFolder(keep)
	if err != nil || len(found) > 0 {
		t.Errorf("in what is kept: %v\n%s", err, strings.Join(found, "\n"))
	}
	for _, want := range []string{"storage/north", "storage/south", "storage/result", "governance/log", "logs", "north-broker", "south-broker", "bundle", "sealed/north"} {
		if entries, err := os.ReadDir(filepath.Join(keep, want)); err != nil || len(entries) == 0 {
			t.Errorf("%s: nothing was there to look at (%v)", want, err)
		}
	}
	t.Logf("looked for %d things in %d files", len(n), files)
}

// addDEKs adds the datasets' own keys, which only their KEKs open.
func addDEKs(t *testing.T, n needles, path string, keks map[string]*secret.Bytes) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Decode(path, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range s.Sources {
		wrapped, err := base64.StdEncoding.DecodeString(x.Sealing.WrappedDEK)
		if err != nil {
			t.Fatal(err)
		}
		dek, err := keyrelease.UnwrapDEK(keks[x.Party], wrapped, keyrelease.DEKContext(x.Name, x.Sealing.Version))
		if err != nil {
			t.Fatal(err)
		}
		if err := dek.Use(func(b []byte) error { n.add(x.Name+" DEK", b); return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// lookIntoProcesses runs while the application does.
func lookIntoProcesses(t *testing.T, n needles, room int) {
	t.Helper()
	seen, found := n.inProcesses()
	// Three of the room, its plugins, Envoy, podman, conmon, the application; the services.
	if seen < 20 || len(found) > 0 {
		t.Errorf("of %d processes: %q", seen, found)
	}
	seen, may := coreFiles(room)
	if seen < 10 || len(may) > 0 {
		t.Errorf("of %d processes of the room, these may write core files: %q", seen, may)
	}
}

// allowCoreFiles lifts this process's own limit, so that it is the room that
// sets it and not whoever runs the tests.
func allowCoreFiles(t *testing.T) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: was.Max, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &was) })
}

// A key in an environment and a process that may dump its memory must be seen.
func TestLookIntoProcessesSees(t *testing.T) {
	parts(t)
	allowCoreFiles(t)
	n := needles{}
	n.add("a key", []byte("0123456789abcdef0123456789abcdef"))
	cmd := exec.Command("sleep", "1000")
	cmd.Env = []string{"KEY=0123456789abcdef0123456789abcdef"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	seen, found := n.inProcesses()
	for begin := time.Now(); len(found) == 0 && time.Since(begin) < patience; seen, found = n.inProcesses() {
		<-time.After(5 * time.Millisecond) // until the child has become the program
	}
	if seen == 0 || len(found) != 1 {
		t.Errorf("of %d processes: %q, want the one with the key", seen, found)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur == 0 {
		t.Logf("this process cannot allow core files: %v, %v", limit, err)
		return
	}
	if seen, may := coreFiles(cmd.Process.Pid); seen != 1 || len(may) != 1 {
		t.Errorf("of %d processes these may write core files: %q, want the one", seen, may)
	}
}
