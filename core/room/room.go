// Package room runs one clean room: the stages of a run in their order, each
// privileged step inside the gate, and everything undone in the reverse order.
// It never holds a stage's own knowledge: that is in the packages it calls.
package room

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// Config is all that a run needs. Every field but Credential is required.
type Config struct {
	Document   []byte        // the specification
	Lock       []byte        // images.lock of the release that runs
	Specified  digest.SHA256 // specification digest that the measured command line names
	Locked     digest.SHA256 // digest of images.lock that the measured command line names
	Images     string        // folder of OCI layouts, each named by its manifest digest's hex
	Policies   string        // folder of policy bundles, each named by its route
	Plugins    string        // folder of plugin binaries, such as source/azblob
	Envoy      string        // path of the Envoy binary
	State      string        // empty folder in memory, for this run alone
	Attester   attest.Attester
	Simulated  bool              // the platform is a simulator: set by the -sim binary alone
	Credential map[string]string // storage credentials by source/NAME or sink/NAME; may be empty
	Progress   func(Event)       // called in order, from one goroutine at a time
	Log        *slog.Logger
}

// Event tells a stage's beginning or end, for people who watch.
type Event struct {
	Stage   string            `json:"stage"`
	State   string            `json:"state"` // begin, done, failed
	Millis  int64             `json:"millis,omitempty"`
	Waiting int64             `json:"waitingMillis,omitempty"` // of these, waiting for consent, audit, keys or storage
	Error   string            `json:"error,omitempty"`
	Details map[string]string `json:"details,omitempty"`
}

// Result is what a completed run leaves to be looked at.
type Result struct {
	Room     string        `json:"room"`
	Contract digest.SHA256 `json:"contract"`
	Outputs  []Released    `json:"outputs"`
	ExitCode int           `json:"applicationExit"`
}

// Released names one sealed output, or log, that left the room.
type Released struct {
	Sink     string        `json:"sink"`
	Manifest string        `json:"manifest"` // object name
	Digest   digest.SHA256 `json:"digest"`   // of the sealed manifest
	Files    int           `json:"files"`
	Bytes    int64         `json:"bytes"` // in clear
}

// room is one run. Stages fill it in order; what they open they push on undo.
type room struct {
	Config
	id       string
	spec     *v1.Spec
	lock     *policy.Lock
	policy   policy.Policy
	contract digest.SHA256

	wrapKey     keyrelease.WrapKey
	eventKey    ed25519.PrivateKey
	runtimeData []byte
	evidence    attest.Evidence

	gate      *governance.Gate
	plugins   map[string]*plugin.Process // by instance: "source north", …
	net       *sandbox.Network
	proxy     *proxy.Proxy
	keys      map[string]*secret.Bytes // DEK by source
	mounts    map[string]*volume.Mounted
	staging   []*volume.Staging // one for each output, in order
	console   *telemetry.Console
	telemetry *telemetry.Telemetry
	app       application
	appExit   int
	result    Result

	opening *aside        // starts the plugins other than governance's, then prepares the image
	ready   chan struct{} // closed when these plugins run
	asides  []*aside
	waits   waits

	opened    bool                    // room.open was let through: room.close must be told
	ended     error                   // why the line ended before close
	stop      context.CancelCauseFunc // ends the run with a cause
	telling   sync.Mutex              // of Progress
	governors int                     // how many of undo belong to the governance plugins

	mu   sync.Mutex     // of undo, and of keys and mounts while they are filled
	undo []func() error // governance plugins go last: they are pushed first
}

// application is a runtime plugin's application.
type application interface {
	Prepare(context.Context, *runtimev1.PrepareRequest) (*runtimev1.PrepareResponse, error)
	Start(context.Context, *runtimev1.StartRequest) (*runtimev1.StartResponse, error)
	Wait(context.Context, *runtimev1.WaitRequest) (*runtimev1.WaitResponse, error)
	Stop(context.Context, *runtimev1.StopRequest) (*runtimev1.StopResponse, error)
}

// Run takes one room from its specification to its close. The stages are those
// of the table in core/README.md; each is one statement here. Whatever happens,
// the room is closed, in order and audited as far as that is still possible.
// The error's kind decides the exit code (package fault).
func Run(ctx context.Context, c Config) (*Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &room{Config: c, stop: stop, plugins: map[string]*plugin.Process{}, keys: map[string]*secret.Bytes{}, mounts: map[string]*volume.Mounted{}}
	line := r.line()
	last := len(line) - 1
	err := r.run(ctx, line[:last])
	r.ended = err
	if cerr := r.do(context.WithoutCancel(ctx), line[last]); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	return &r.result, nil
}

// line is the way of the data, in order.
func (r *room) line() []stage {
	return []stage{
		{"spec", r.readSpec},
		{"attest", r.attest},
		{"consent", r.consentToOpen},
		{"fence", r.fence},
		{"proxy", r.startProxy},
		{"release keys", r.releaseKeys},
		{"consent", r.consentToPresent},
		{"mount", r.mount},
		{"start", r.start},
		{"capture", r.capture},
		{"consent", r.consentToRelease},
		{"commit", r.commit},
		{"export", r.export},
		{"close", r.close},
	}
}

type stage struct {
	name string
	run  func(context.Context) error
}

// run does the stages until one fails. An application that failed still has
// its console exported: the parties want to see why.
func (r *room) run(ctx context.Context, line []stage) error {
	var failed error
	for _, s := range line {
		if failed != nil && s.name != "export" {
			continue
		}
		err := r.do(ctx, s)
		switch {
		case err == nil:
		case failed == nil && s.name == "capture" && fault.KindOf(err) == fault.Failed:
			failed = err
		case failed == nil:
			return err
		}
	}
	return failed
}

// do runs one stage and tells of it. The cause that ended the run goes before
// whatever the stage says of the cancellation.
func (r *room) do(ctx context.Context, s stage) error {
	begin, waited := time.Now(), r.waits.sum()
	r.tell(Event{Stage: s.name, State: "begin"})
	ctx, end := r.telemetry.Span(ctx, s.name)
	err := context.Cause(ctx)
	if err == nil {
		err = s.run(ctx)
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
	}
	end(err)
	e := Event{Stage: s.name, State: "done", Millis: time.Since(begin).Milliseconds(), Waiting: (r.waits.sum() - waited).Milliseconds()}
	if err != nil {
		err = fault.Wrap(s.name, err)
		e.State, e.Error = "failed", err.Error()
	}
	r.tell(e)
	return err
}

func (r *room) tell(e Event) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.Progress(e)
}

// later pushes what undoes an opening; close calls it in reverse order.
func (r *room) later(f func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.undo = append(r.undo, f)
}
