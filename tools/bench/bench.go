// Package bench measures what this project promises of speed and memory, each figure
// beside a peer or its limit in the same run. It prints and judges nothing else: a
// figure over its limit is shown as that and fails no build. It simulates hardware and
// makes its own data, so it says nothing of what a real device or network takes.
package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Options say what to measure with.
type Options struct {
	Release   string // folder that //:release builds
	Files     string // e2e/demo: specification, data, policies
	Azurite   string // the main file of azurite-blob
	Node      string
	Envoy     string
	Collector string
	Rclone    string   // the peer of volumes
	Runs      int      // of each measure; the median is shown
	Only      []string // names of groups; empty: all
	JSON      bool
	Out       io.Writer
	Log       *slog.Logger
}

// groups of measures, in the order in which they are made.
var groups = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"room", (*bench).room},
	{"read", (*bench).read},
	{"memory", (*bench).memory},
	{"proxy", (*bench).proxy},
	{"volume/sequential", (*bench).volumeSequential},
	{"volume/random", (*bench).volumeRandom},
	{"volume/files", (*bench).volumeFiles},
	{"volume/list", (*bench).volumeList},
	{"volume/write", (*bench).volumeWrite},
	{"volume/memory", (*bench).volumeMemory},
}

// Groups are the names that Options.Only takes.
func Groups() (names []string) {
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

type bench struct {
	Options
	report  report
	volumes *volumes // nil until it is needed
	dir     string   // of this run, removed at its end
}

// Run measures and prints.
func Run(ctx context.Context, o Options) (err error) {
	if o.Runs < 1 {
		return fault.New(fault.Usage, "bench", "--runs: must be at least 1 (got %d)", o.Runs)
	}
	for _, name := range o.Only {
		if !slices.Contains(Groups(), name) {
			return fault.New(fault.Usage, "bench", "--only: %q is none of %s", name, strings.Join(Groups(), ", "))
		}
	}
	b := &bench{Options: o, report: report{out: o.Out, json: o.JSON}}
	if b.dir, err = os.MkdirTemp("", "cleanroom-bench-"); err != nil {
		return fault.New(fault.Unavailable, "bench", "%w", err)
	}
	defer os.RemoveAll(b.dir)
	if err := os.Chmod(b.dir, 0o711); err != nil { // plugins and Envoy have users of their own
		return fault.New(fault.Unavailable, "bench", "%w", err)
	}
	b.report.machine(fmt.Sprintf("%d processors, load %s, median of %d", runtime.NumCPU(), load(), o.Runs))
	for _, g := range groups {
		if len(o.Only) > 0 && !slices.Contains(o.Only, g.name) {
			continue
		}
		if err := g.run(b, ctx); err != nil {
			return fault.Wrap(g.name, err)
		}
	}
	b.report.machine("load at the end " + load())
	return nil
}

// load is the machine's load averages: what else runs decides what a figure is worth.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

// median of at least one value.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

func (b *bench) bin(name string) string { return filepath.Join(b.Release, "bin", name) }
