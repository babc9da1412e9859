// Package daemon is what cleanroomd and cleanroomd-sim share: from a command
// line to one room.Run inside namespaces of its own. Which device attests is
// the caller's choice, made at link time; no flag and no file can change it.
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/room"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

// Program says what differs between the two binaries.
type Program struct {
	Name      string
	Simulated bool
	Banner    string // shown before anything else; empty for none
	// Flags adds the device's own flags; Inputs lists the paths of theirs that
	// the room must still see; Attester opens the device inside the room.
	Flags    func(*flag.FlagSet)
	Inputs   func() []sandbox.Bind
	Attester func() (attest.Attester, error)
}

type options struct {
	binds             []sandbox.Bind
	specified, locked digest.SHA256
}

// final is the last line on stdout.
type final struct {
	Result string       `json:"result"` // done, or the kind of what went wrong
	Exit   int          `json:"exit"`
	Error  string       `json:"error,omitempty"`
	Room   *room.Result `json:"room,omitempty"`
}

// Main runs p and returns the exit code of package fault.
func Main(p Program, args []string) int {
	o, err := parse(p, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		var inRoom bool
		var code int
		if inRoom, code, err = sandbox.Enter(sandbox.Options{Bind: o.binds, RunSize: runSize, TmpSize: tmpSize, AllowSwap: p.Simulated}); err == nil && !inRoom {
			return code
		}
	}
	out := &lines{w: os.Stdout}
	var res *room.Result
	if err == nil {
		if p.Banner != "" {
			fmt.Fprintln(os.Stderr, p.Banner)
		}
		res, err = run(p, o, out)
	}
	f := final{Result: "done", Exit: fault.Exit(err), Room: res}
	if err != nil {
		f.Result, f.Error = fault.KindOf(err).String(), err.Error()
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
	}
	out.write(f)
	return f.Exit
}

func parse(p Program, args []string) (o options, err error) {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(os.Stderr)
	var bundle, plugins, envoy string
	fs.StringVar(&bundle, "bundle", "", "folder with spec.yaml, images.lock, images/, policies/ and, if needed, credentials.json")
	fs.StringVar(&plugins, "plugins", "", "folder of plugin binaries")
	fs.StringVar(&envoy, "envoy", "", "Envoy's binary")
	fs.Func("specification", "digest that spec.yaml must have", func(v string) error { return o.specified.UnmarshalText([]byte(v)) })
	fs.Func("lock", "digest that images.lock must have", func(v string) error { return o.locked.UnmarshalText([]byte(v)) })
	if p.Flags != nil {
		p.Flags(fs)
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fault.New(fault.Usage, "arguments", "%w", err)
	}
	if fs.NArg() > 0 {
		return o, fault.New(fault.Usage, "arguments", "unexpected %q", fs.Arg(0))
	}
	o.binds = []sandbox.Bind{{Name: "bundle", Source: bundle}, {Name: "plugins", Source: plugins}, {Name: "envoy", Source: envoy}}
	if p.Inputs != nil {
		o.binds = append(o.binds, p.Inputs()...)
	}
	return o, o.complete()
}

// complete names every flag that is not given; a bind has the name of its flag.
func (o options) complete() error {
	var missing []string
	for _, b := range o.binds {
		if b.Source == "" {
			missing = append(missing, "--"+b.Name)
		}
	}
	if o.specified.IsZero() {
		missing = append(missing, "--specification")
	}
	if o.locked.IsZero() {
		missing = append(missing, "--lock")
	}
	if missing != nil {
		return fault.New(fault.Usage, "arguments", "%s: required, not given", strings.Join(missing, ", "))
	}
	return nil
}

// run is the room's own process: what it needs lies where sandbox.Enter put it.
func run(p Program, o options, out *lines) (*room.Result, error) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	// The bundle holds storage credentials and every plugin's configuration, in files of
	// the operator's modes: plugins, under users of their own, are kept out.
	if err := os.Chmod(sandbox.InDir, 0o700); err != nil {
		return nil, fault.New(fault.Internal, "bundle", "%w", err)
	}
	bundle := input("bundle")
	c := room.Config{
		Specified: o.specified, Locked: o.locked,
		Images: filepath.Join(bundle, "images"), Policies: filepath.Join(bundle, "policies"),
		Plugins: input("plugins"), Envoy: input("envoy"),
		State: stateDir, Simulated: p.Simulated, Progress: func(e room.Event) { out.write(e) }, Log: log,
	}
	var err error
	if c.Document, err = read(bundle, "spec.yaml"); err != nil {
		return nil, err
	}
	if c.Lock, err = read(bundle, "images.lock"); err != nil {
		return nil, err
	}
	if c.Credential, err = credentials(bundle); err != nil {
		return nil, err
	}
	if err = os.Mkdir(stateDir, 0o711); err != nil {
		return nil, err
	}
	if c.Attester, err = p.Attester(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-signals
		cancel(fault.New(fault.Interrupted, "signal", "ended on request (%v)", s))
	}()
	return room.Run(ctx, c)
}

// What a room may hold in memory beside the application's own limit: images,
// outputs and the console lie in /run.
const (
	runSize = 4 << 30
	tmpSize = 64 << 20
)

// stateDir is inside the room's own memory. Plugins reach their folders in it.
const stateDir = "/run/cleanroom/state"

func input(name string) string { return sandbox.Bind{Name: name}.Path() }

// maxDocument bounds what is read of the bundle into memory.
const maxDocument = 4 << 20

func read(bundle, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(bundle, name))
	if err != nil {
		return nil, fault.New(fault.Invalid, "bundle", "%s: %w", name, errors.Unwrap(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, fault.New(fault.Invalid, "bundle", "%s: %w", name, err)
	}
	if len(b) > maxDocument {
		return nil, fault.New(fault.Invalid, "bundle", "%s: larger than %d bytes", name, maxDocument)
	}
	return b, nil
}

// credentials reads storage credentials by source/NAME or sink/NAME. They are the
// operator's, not the contract's: without one, storage is asked anonymously.
func credentials(bundle string) (map[string]string, error) {
	if _, err := os.Stat(filepath.Join(bundle, "credentials.json")); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	b, err := read(bundle, "credentials.json")
	if err != nil {
		return nil, err
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fault.New(fault.Invalid, "bundle", "credentials.json: not an object of strings")
	}
	return m, nil
}

// lines writes one JSON object a line.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) write(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = json.NewEncoder(l.w).Encode(v) // a reader that left does not stop the room
}
