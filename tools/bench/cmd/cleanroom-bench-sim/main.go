// Command cleanroom-bench-sim measures a release; `make bench` starts it. Its name ends
// in -sim because it runs the demo, which simulates hardware. It decides nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/internal/place"
	"github.com/cleanroom-dev/cleanroom/tools/bench"
)

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "cleanroom-bench-sim: %v\n", err)
	}
	os.Exit(fault.Exit(err))
}

func run(args []string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if len(args) == 2 && args[0] == "child" {
		in, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		return bench.Child(ctx, args[1], in)
	}
	o, err := options(args)
	if err != nil {
		return err
	}
	if err = bench.Run(ctx, o); err != nil && ctx.Err() != nil {
		return fault.New(fault.Interrupted, "signal", "ended on request: %w", err)
	}
	return err
}

// options takes the release from the command line and the programs from where setup puts them.
func options(args []string) (bench.Options, error) {
	o := bench.Options{Out: os.Stdout, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	fs := flag.NewFlagSet("cleanroom-bench-sim", flag.ContinueOnError)
	fs.StringVar(&o.Release, "release", "", "folder of a built release")
	fs.StringVar(&o.Files, "files", "", "folder with the demo's specification, data and policies (default: demo in the release)")
	fs.IntVar(&o.Runs, "runs", 3, "runs of each measure; the median is shown")
	fs.BoolVar(&o.JSON, "json", false, "one JSON object a line")
	only := fs.String("only", "", "comma-separated groups: "+strings.Join(bench.Groups(), ", "))
	if err := fs.Parse(args); err != nil {
		return o, fault.New(fault.Usage, "arguments", "%w", err)
	}
	if fs.NArg() > 0 || o.Release == "" {
		return o, fault.New(fault.Usage, "arguments", "needs --release, and nothing after the flags")
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	if os.Geteuid() != 0 {
		return o, fault.New(fault.Unavailable, "bench", "needs root, for namespaces, mounts and a packet filter. Run: sudo make bench")
	}
	var err error
	if o.Release, err = filepath.Abs(o.Release); err != nil {
		return o, fault.New(fault.Usage, "arguments", "%w", err)
	}
	if o.Files == "" {
		o.Files = filepath.Join(o.Release, "demo")
	}
	if o.Node, err = exec.LookPath("node"); err != nil {
		return o, fault.New(fault.Unavailable, "bench", "%w", err)
	}
	for _, p := range []struct {
		to    *string
		where func() (string, error)
	}{{&o.Azurite, place.Azurite}, {&o.Envoy, place.Envoy}, {&o.Collector, place.Collector}, {&o.Rclone, place.Rclone}} {
		if *p.to, err = p.where(); err != nil {
			return o, fault.New(fault.Unavailable, "bench", "%w", err)
		}
		if _, err := os.Stat(*p.to); err != nil {
			return o, fault.New(fault.Unavailable, "bench", "%w: run tools/setup/setup.sh --peers", err)
		}
	}
	return o, nil
}
