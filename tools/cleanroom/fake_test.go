package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/room"
)

// fakeRoom stands for cleanroomd: its flags, its lines, its exit codes and its orderly end,
// without a room. A file "behave" in the bundle says how it ends.
func fakeRoom() {
	fs := flag.NewFlagSet("cleanroomd", flag.ExitOnError)
	bundle := fs.String("bundle", "", "")
	for _, name := range []string{"plugins", "envoy", "specification", "lock", "sim-device"} {
		fs.String(name, "", "")
	}
	_ = fs.Parse(os.Args[1:]) // exits by itself
	fs.Visit(func(f *flag.Flag) { fmt.Fprintf(os.Stderr, "flag %s=%s\n", f.Name, f.Value) })
	e := json.NewEncoder(os.Stdout)
	say := func(v any) { _ = e.Encode(v) }
	say(room.Event{Stage: "spec", State: "begin"})
	say(room.Event{Stage: "spec", State: "done", Millis: 3, Details: map[string]string{"name": "joint-study"}})
	say(room.Event{Stage: "start", State: "begin"})
	behave, _ := os.ReadFile(filepath.Join(*bundle, "behave"))
	var err error
	switch string(behave) {
	case "denied\n":
		err = fault.New(fault.Denied, "start", "app.execute: no consent from ledger")
	case "crash\n":
		os.Exit(1)
	case "garble\n":
		fmt.Println("not json")
	case "lie\n":
		say(map[string]any{"result": "done", "exit": 0})
		os.Exit(fault.Exit(fault.New(fault.Tampered, "x", "y")))
	case "wait\n":
		err = interrupted(*bundle)
	}
	if err != nil {
		say(room.Event{Stage: "start", State: "failed", Millis: 5, Error: err.Error()})
		fmt.Fprintln(os.Stderr, "cleanroomd:", err)
		say(map[string]any{"result": fault.KindOf(err).String(), "exit": fault.Exit(err), "error": err.Error()})
		os.Exit(fault.Exit(err))
	}
	d := digest.Of([]byte("manifest"))
	say(map[string]any{"result": "done", "exit": 0, "room": room.Result{Room: "room-1", Contract: digest.Of([]byte("contract")),
		Outputs: []room.Released{{Sink: "result", Manifest: "report/manifest", Digest: d, Files: 1, Bytes: 12}}}})
}

// interrupted waits for the signal that ends a room in order.
func interrupted(bundle string) error {
	all := make(chan os.Signal, 8)
	signal.Notify(all, syscall.SIGINT, syscall.SIGTERM)
	_ = os.WriteFile(filepath.Join(bundle, "waits"), nil, 0o600)
	s := <-all
	return fault.New(fault.Interrupted, "signal", "ended on request (%v)", s)
}

// fakeDemo stands for cleanroom-demo-sim: it says how it was called and ends as told.
func fakeDemo() {
	fs := flag.NewFlagSet("demo", flag.ExitOnError)
	name := fs.String("fault", "", "")
	for _, f := range []string{"release", "files", "azurite", "node", "envoy", "collector", "keep"} {
		fs.String(f, "", "")
	}
	fs.Bool("json", false, "")
	_ = fs.Parse(os.Args[1:])
	fs.Visit(func(f *flag.Flag) { fmt.Printf("%s=%s\n", f.Name, f.Value) })
	var err error
	switch *name {
	case "help":
		err = fault.New(fault.Usage, "demo", "no fault is named %q; there are [tampered-blob]", *name)
	case "tampered-blob":
		err = fault.New(fault.Tampered, "demo", "one byte is another")
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		<-context.Background().Done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(fault.Exit(err))
}
