// Package demo runs two hospitals, an institute and a clean room on one machine,
// with every part a real process and no cloud account. It is the first thing a
// newcomer runs and the stage of the end-to-end tests. It simulates hardware,
// says so, and protects nothing.
package demo

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/room"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Options say what to run and where its parts are.
type Options struct {
	Release   string // folder that //:release builds
	Files     string // e2e/demo: specification, data, policies
	Azurite   string // the main file of azurite-blob
	Node      string
	Envoy     string
	Collector string // an OTLP receiver; empty: telemetry has nowhere to go and the demo says so
	Keep      string // folder that keeps everything; empty: nothing stays
	Fault     string
	JSON      bool
	Out       io.Writer
	OnSecret  func(name string, key []byte)   // for tests: what must be found nowhere; may be nil
	OnStage   func(stage string, roomPID int) // for tests: a stage of the room is done; may be nil
	OnReady   func(command []string) error    // for tests: all is agreed, and the test runs rooms itself; may be nil
}

// demo is one run.
type demo struct {
	Options
	scenario
	ui      *ui
	dir     string // everything of this run
	starter *starter
	mu      sync.Mutex
	undo    []func() error

	values  map[string]string // of the specification's ${…}
	parties map[string]*party
	blobs   *storage
	ledger  *ledger
	brokers map[string]*keyBroker // by party
	inbox   *inbox
	older   []byte // a blob of the version before, for a roll-back
	plugins string // folder that the room is given

	document   []byte
	spec       *v1.Spec
	lock       []byte
	lockDigest digest.SHA256
	parsed     *policy.Lock
	policy     policy.Policy
	digest     digest.SHA256
	contract   digest.SHA256
	device     *sim.Device

	roomPID  int
	roomKey  ed25519.PublicKey // attested
	released map[string]string // what the trail says of the output: manifest and digest
	started  time.Time
	result   *room.Result
	summary  Summary
}

// Run runs the demo. Its error's kind is the room's own, so that the demo's
// exit code is the one documented for what happened.
func Run(ctx context.Context, o Options) (Summary, error) {
	s, ok := scenarios[o.Fault]
	if !ok {
		names, _ := Faults()
		return Summary{}, fault.New(fault.Usage, "demo", "no fault is named %q; there are %v", o.Fault, names)
	}
	d := &demo{Options: o, scenario: s, ui: &ui{out: o.Out, json: o.JSON, begin: time.Now()}, starter: newStarter(),
		plugins: filepath.Join(o.Release, "plugins"), values: map[string]string{}, parties: map[string]*party{}, brokers: map[string]*keyBroker{}}
	err := d.run(ctx)
	if err != nil && ctx.Err() != nil && d.roomPID == 0 {
		err = context.Cause(ctx) // what a step says of it is its own words for that
	}
	if cerr := d.close(); err == nil {
		err = cerr
	}
	d.summary.Fault, d.summary.Kept, d.summary.Result = o.Fault, o.Keep, "done"
	d.summary.Seconds = time.Since(d.ui.begin).Seconds()
	if err != nil {
		d.summary.Result, d.summary.Error, d.summary.Exit = fault.KindOf(err).String(), err.Error(), fault.Exit(err)
	}
	d.ui.summary(d.summary)
	return d.summary, err
}

func (d *demo) run(ctx context.Context) error {
	if err := d.makeDir(); err != nil {
		return err
	}
	d.ui.say("%s", sim.Banner)
	for _, s := range []struct {
		part, name string
		do         func(context.Context) (string, error)
	}{
		{"prepare", "services", d.startServices},
		{"prepare", "seal data", d.sealData},
		{"prepare", "specify", d.specify},
		{"prepare", "agree", d.agree},
	} {
		if err := d.ui.timed(s.part, s.name, func() (string, error) { return s.do(ctx) }); err != nil {
			return err
		}
	}
	d.explain()
	if d.before != nil {
		if err := d.before(d); err != nil {
			return err
		}
	}
	if d.OnReady != nil {
		return d.OnReady(d.roomCommand())
	}
	if err := d.runRoom(ctx); err != nil {
		// The refusal is what happened; what its trail lacks is told beside it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trailLimit)
		defer cancel()
		_ = d.ui.timed("parties", "audit trail", func() (string, error) { return d.checkRefusal(ctx) })
		return err
	}
	if err := d.ui.timed("parties", "audit trail", func() (string, error) { return d.checkTrail(ctx) }); err != nil {
		return err
	}
	return d.ui.timed("parties", "open report", func() (string, error) { return d.openReport(ctx) })
}

// trailLimit bounds the look at a refused room's trail: the ledger may be what failed.
const trailLimit = 3 * time.Second

// space is what the run's folder must be able to hold, in bytes: the image and
// the sealed data of the demo take 10 MB, one's own may take more.
const space = 64 << 20

// makeDir makes the run's folder: in memory unless it is to be kept.
func (d *demo) makeDir() (err error) {
	if d.Keep != "" {
		if err := os.MkdirAll(d.Keep, 0o700); err != nil {
			return fault.New(fault.Usage, "demo", "--keep: %w", err)
		}
		left, err := os.ReadDir(d.Keep)
		if err != nil || len(left) > 0 {
			return fault.New(fault.Usage, "demo", "--keep: %s is not an empty folder", d.Keep)
		}
		d.dir = d.Keep
	} else {
		if d.dir, err = os.MkdirTemp("", "cleanroom-demo-"); err != nil {
			return fault.New(fault.Unavailable, "demo", "%w", err)
		}
		d.later(func() error { return os.RemoveAll(d.dir) })
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return err
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(d.dir, &disk); err != nil {
		return fault.New(fault.Unavailable, "demo", "%s: %w", d.dir, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < space {
		return fault.New(fault.Unavailable, "demo", "%s: %d MiB are free, %d MiB are needed: set TMPDIR or --keep to a folder that has them", d.dir, free>>20, space>>20)
	}
	for _, sub := range []string{"logs", "bundle/images", "bundle/policies", "sealed"} {
		if err := os.MkdirAll(filepath.Join(d.dir, sub), 0o700); err != nil {
			return fault.New(fault.Unavailable, "demo", "%w", err)
		}
	}
	return nil
}

func (d *demo) later(f func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.undo = append(d.undo, f)
}

// close undoes what was opened, last first.
func (d *demo) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(d.undo) {
		errs = append(errs, f())
	}
	d.undo = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

func (d *demo) bin(name string) string { return filepath.Join(d.Release, "bin", name) }
