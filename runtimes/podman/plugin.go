package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// podman launches one application, once. Methods may be called concurrently.
type podman struct {
	program, ociRuntime string // paths

	mu    sync.Mutex
	state *state     // after Prepare
	app   *container // after Start
	begun bool       // Start was called: it is not called again
}

// config is the plugin's own.
type config struct {
	OCIRuntime string `json:"ociRuntime,omitempty"` // runc or crun; the first of them that is there when empty
}

func (p *podman) Describe() sdk.Description { return sdk.MustManifest(pluginJSON) }

func (p *podman) Validate(b []byte) []sdk.Violation {
	var c config
	if vs := sdk.DecodeConfig(b, &c); len(vs) > 0 {
		return vs
	}
	switch c.OCIRuntime {
	case "", "runc", "crun":
		return nil
	}
	return []sdk.Violation{{Field: "ociRuntime", Description: fmt.Sprintf("must be runc or crun (got %.80q)", c.OCIRuntime)}}
}

func (p *podman) Configure(_ context.Context, s sdk.Setup) error {
	var c config
	if vs := sdk.DecodeConfig(s.Config, &c); len(vs) > 0 {
		return sdk.Reject(vs...)
	}
	var err error
	if p.program, err = find("podman"); err != nil {
		return err
	}
	if c.OCIRuntime != "" {
		p.ociRuntime, err = find(c.OCIRuntime)
		return err
	}
	if p.ociRuntime, err = find("runc"); err != nil {
		p.ociRuntime, err = find("crun")
	}
	return err
}

// Prepare verifies the image, every byte of it, in a copy that nothing else can
// change, and has podman unpack that copy.
func (p *podman) Prepare(ctx context.Context, r *sdk.PrepareRequest) (*sdk.PrepareResponse, error) {
	const op = "podman.prepare"
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "called twice")
	}
	s, err := newState(r.GetStateDir(), p.program, p.ociRuntime)
	if err != nil {
		return nil, err
	}
	image, err := copyImage(ctx, r.GetLayout(), s.layout(), r.GetDigest())
	if err != nil {
		return nil, err
	}
	if err := s.pull(ctx, image); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(s.layout()); err != nil {
		return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
	}
	p.state = s
	return &sdk.PrepareResponse{}, nil
}

// Start returns when the application runs, with its console on the two FIFOs.
func (p *podman) Start(ctx context.Context, r *sdk.StartRequest) (*sdk.StartResponse, error) {
	const op = "podman.start"
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == nil || p.begun {
		return nil, sdk.Errorf(sdk.Invalid, op, "Start follows Prepare, once")
	}
	args, err := runArgs(r, p.state)
	if err != nil {
		return nil, err
	}
	if err := checkFilter(r.GetSeccompProfile()); err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "seccompProfile: %w", err)
	}
	p.begun = true
	app, err := p.state.run(ctx, args, r.GetStdout(), r.GetStderr())
	if err != nil {
		return nil, err
	}
	p.app = app
	return &sdk.StartResponse{}, nil
}

// Wait returns when every process of the application is gone and its console
// has been passed on to the last byte.
func (p *podman) Wait(ctx context.Context, _ *sdk.WaitRequest) (*sdk.WaitResponse, error) {
	app, err := p.running("podman.wait")
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, sdk.Errorf(sdk.Unavailable, "podman.wait", "%w", ctx.Err())
	case <-app.ended:
	}
	if app.err != nil {
		return nil, app.err
	}
	return &sdk.WaitResponse{ExitCode: app.code}, nil
}

// Stop returns at once when there is nothing to stop.
func (p *podman) Stop(ctx context.Context, r *sdk.StopRequest) (*sdk.StopResponse, error) {
	if r.GetGraceMillis() < 0 {
		return nil, sdk.Errorf(sdk.Invalid, "podman.stop", "graceMillis %d is negative", r.GetGraceMillis())
	}
	app, err := p.running("podman.stop")
	if err != nil {
		return &sdk.StopResponse{}, nil
	}
	if err := app.stop(ctx, millis(r.GetGraceMillis())); err != nil {
		return nil, err
	}
	return &sdk.StopResponse{}, nil
}

func (p *podman) running(op string) (*container, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.app == nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "nothing was started")
	}
	return p.app, nil
}

// inMemory reports that what is written under dir never reaches a disk.
func inMemory(dir string) (bool, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return false, err
	}
	return st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC, nil
}
