// Command cleanroom-demo-sim runs the demo; `cleanroom demo` starts it. It is a
// binary of its own because it simulates hardware, which the command line never does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o := demo.Options{Out: os.Stdout}
	fs := flag.NewFlagSet("cleanroom demo", flag.ContinueOnError)
	fs.StringVar(&o.Release, "release", "", "folder of a built release")
	fs.StringVar(&o.Files, "files", "", "folder with the demo's specification, data and policies")
	fs.StringVar(&o.Azurite, "azurite", "", "main file of azurite-blob")
	fs.StringVar(&o.Node, "node", "", "node's binary")
	fs.StringVar(&o.Envoy, "envoy", "", "Envoy's binary")
	fs.StringVar(&o.Collector, "collector", "", "an OpenTelemetry collector's binary")
	fs.StringVar(&o.Keep, "keep", "", "keep everything in this empty folder")
	fs.StringVar(&o.Fault, "fault", "", "show how the room refuses")
	fs.BoolVar(&o.JSON, "json", false, "one JSON object a line")
	if err := fs.Parse(args); err != nil {
		return fault.Exit(fault.New(fault.Usage, "arguments", "%w", err))
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "cleanroom demo: unexpected %q\n", fs.Arg(0))
		return fault.Exit(fault.New(fault.Usage, "arguments", "unexpected argument"))
	}
	if o.Fault == "help" {
		names, help := demo.Faults()
		for _, n := range names {
			fmt.Printf("%-20s %s\n", n, help[n])
		}
		return 0
	}
	// The hospitals' keys are in this process, as they would be in their owners'.
	if err := sandbox.NoCoreDumps(); err != nil {
		fmt.Fprintf(os.Stderr, "cleanroom demo: %v\n", err)
		return fault.Exit(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-signals
		cancel(fault.New(fault.Interrupted, "signal", "ended on request (%v)", s))
	}()
	_, err := demo.Run(ctx, o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "cleanroom demo: %v\n", err)
	}
	return fault.Exit(err)
}
