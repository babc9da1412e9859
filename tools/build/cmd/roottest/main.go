// Command roottest is the last part of `make test`: it runs test binaries that Bazel built on
// the machine itself, as root, where nothing may be missing, and counts what passed and failed
// there and in Bazel's sandbox. It builds nothing and never decides what a test needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	bin, testlogs, release, summary string
	timeout                         time.Duration
	out                             io.Writer // for people; the tests of this program keep it to themselves, or their runner would count it
}

func main() {
	o := options{out: os.Stdout}
	flag.StringVar(&o.bin, "bin", "", "Bazel's folder of binaries")
	flag.StringVar(&o.testlogs, "testlogs", "", "Bazel's folder of test results")
	flag.StringVar(&o.release, "release", "", "folder of //:release")
	flag.StringVar(&o.summary, "summary", "", "file to write PASSED and FAILED to, as two numbers")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Minute, "of one test binary")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := run(ctx, o, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "roottest:", err)
		os.Exit(1)
	}
	if failed {
		os.Exit(1)
	}
}

// run takes labels of tests that Bazel ran, "--", and labels of tests to run here.
func run(ctx context.Context, o options, args []string) (failed bool, err error) {
	i := slices.Index(args, "--")
	if i < 0 || i == len(args)-1 {
		return false, fmt.Errorf("want LABEL… -- LABEL…, got %q", args)
	}
	all := results{}
	for _, label := range args[:i] {
		dir, name, err := split(label)
		if err != nil {
			return false, err
		}
		// Without a result the test was not run, which Bazel has said already.
		if raw, err := os.ReadFile(filepath.Join(o.testlogs, dir, name, "test.xml")); err == nil {
			if err := all.addXML(label, raw); err != nil {
				return false, fmt.Errorf("%s: %w", label, err)
			}
		}
	}
	for _, label := range args[i+1:] {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		ok, err := o.runHere(ctx, label, all)
		if err != nil {
			return false, err
		}
		failed = failed || !ok
	}
	passed, bad := all.count()
	return failed, os.WriteFile(o.summary, fmt.Appendf(nil, "%d %d\n", passed, bad), 0o644)
}

// split parses //DIR:NAME.
func split(label string) (dir, name string, err error) {
	rest, ok := strings.CutPrefix(label, "//")
	dir, name, found := strings.Cut(rest, ":")
	if !ok || !found || name == "" {
		return "", "", fmt.Errorf("%q is no label", label)
	}
	return dir, name, nil
}
