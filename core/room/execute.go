package room

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// uidBase is the first host id of the application's user namespace.
const uidBase = 100000

// stopGrace is how long the application may take to end after TERM.
const stopGrace = 500 * time.Millisecond

// hostUID is the application's user as the room's kernel sees it.
func (r *room) hostUID() uint32 { return uidBase + r.spec.Application.User }

// start opens the declared routes and launches the application. It returns when
// the application's first instruction can run.
func (r *room) start(ctx context.Context) error {
	for _, o := range r.spec.Network.Outbound {
		req := governance.Request{Operation: governance.APIEgress, Subject: o.Name, Details: map[string]string{
			"destination": o.Destination, "requests": fmt.Sprint(o.MaxRequests), "bytes": fmt.Sprint(int64(o.MaxBytesOut)), "policy": o.Policy.String(),
		}}
		if err := r.gate.Do(ctx, req, func(ctx context.Context, p permit.Permit) error { return r.proxy.OpenRoute(ctx, p, o.Name) }); err != nil {
			return err
		}
	}
	if err := r.opening.wait(); err != nil {
		return err
	}
	req := governance.Request{Operation: governance.AppExecute, Subject: "application", Details: map[string]string{"image": r.spec.Application.Image.String()}}
	return r.gate.Do(ctx, req, r.launch)
}

func (r *room) launch(ctx context.Context, p permit.Permit) error {
	if err := p.Check(governance.AppExecute, "application"); err != nil {
		return err
	}
	req, err := r.startRequest()
	if err != nil {
		return err
	}
	r.later(func() error { return r.stopApplication() })
	_, err = r.app.Start(ctx, req)
	return err
}

// consoleLimit is what stdout and stderr may hold together, whether or not
// the log is exported: memory stays bounded.
func (r *room) consoleLimit() int64 {
	if a := r.spec.Telemetry.Application; a != nil {
		return int64(a.Limit)
	}
	return defaultConsoleLimit
}

const defaultConsoleLimit = 1 << 20

func (r *room) startRequest() (*runtimev1.StartRequest, error) {
	a := r.spec.Application
	filter, err := sandbox.SeccompProfile()
	if err != nil {
		return nil, err
	}
	profile := filepath.Join(r.State, "seccomp.json")
	if err := os.WriteFile(profile, filter, 0o600); err != nil {
		return nil, err
	}
	if r.console, err = telemetry.NewConsole(r.State, r.consoleLimit()); err != nil {
		return nil, err
	}
	stdout, stderr := r.console.Paths()
	req := &runtimev1.StartRequest{
		Command: a.Command, Env: a.Env, User: a.User, WorkDir: a.WorkDir,
		Memory: int64(a.Resources.Memory), Cpus: a.Resources.CPUs, Pids: a.Resources.Pids, OpenFiles: a.Resources.OpenFiles,
		NetworkNamespace: r.net.Path(), SeccompProfile: profile, Dns: proxy.DNSAddr, Hostname: "cleanroom",
		Stdout: stdout, Stderr: stderr, UidBase: uidBase,
	}
	if ca := r.proxy.CA(); ca != nil { // https ends in Envoy: the application must know who that is
		bundle := filepath.Join(r.State, "ca.pem")
		if err := os.WriteFile(bundle, ca, 0o644); err != nil {
			return nil, err
		}
		req.Mounts = append(req.Mounts, &runtimev1.Mount{Source: bundle, Target: "/etc/ssl/certs/ca-certificates.crt"})
	}
	for _, in := range a.Inputs {
		req.Mounts = append(req.Mounts, &runtimev1.Mount{Source: filepath.Join(r.State, "in", in.Source), Target: in.Path})
	}
	for n, o := range a.Outputs {
		dir := filepath.Join(r.State, "out", fmt.Sprint(n))
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, err
		}
		s, err := volume.NewStaging(dir, int64(o.Size), r.hostUID(), r.hostUID())
		if err != nil {
			return nil, err
		}
		r.staging = append(r.staging, s)
		r.later(s.Close)
		req.Mounts = append(req.Mounts, &runtimev1.Mount{Source: s.Dir(), Target: o.Path, Writable: true})
	}
	return req, nil
}

// capture waits until the application and all it started is gone, with every
// watcher able to end it: consent withdrawn, data tampered with, a plugin or
// Envoy dead, too much console, too long, or the person at the terminal. Whatever
// ends it, the application does not outlive its watchers.
func (r *room) capture(ctx context.Context) error {
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Not a deadline: that would reach the plugins, and who watches consent would
	// hear of one that gave no answer in time before this context has its cause.
	limit := time.Duration(r.spec.Limits.WallTime)
	over := time.AfterFunc(limit, func() { cancel(fault.New(fault.Failed, "application", "ran longer than limits.wallTime (%s)", limit)) })
	defer over.Stop()
	go r.watch(watched, cancel)
	res, err := r.app.Wait(watched, &runtimev1.WaitRequest{})
	r.proxy.CloseAll()
	if err != nil {
		if cause := context.Cause(watched); cause != nil {
			err = cause
		}
		if stop := r.stopApplication(); stop != nil && fault.KindOf(err) == fault.Failed {
			return fault.New(fault.Unavailable, "application", "%w; and it does not end: %w", err, stop) // nothing may leave now
		}
	}
	if finish := r.console.Finish(); err == nil {
		err = finish
	}
	if err == nil { // it may have ended because of what a watcher is just telling
		err = r.trouble(watched)
	}
	if err != nil && fault.KindOf(err) != fault.Failed {
		return err
	}
	if note := r.noteAttempts(context.WithoutCancel(ctx)); note != nil { // of one that was cut short, too
		return note
	}
	if err != nil {
		return err
	}
	r.appExit = int(res.ExitCode)
	r.result.ExitCode = r.appExit
	if r.appExit != 0 {
		return fault.New(fault.Failed, "application", "exit code %d", r.appExit)
	}
	return nil
}

// watch turns what happens beside the application into the run's end, or, where
// it is the application's own doing, into the application's end alone.
func (r *room) watch(ctx context.Context, end context.CancelCauseFunc) {
	go func() {
		_ = r.gate.Watch(ctx, func(err error) { // it has told all it returns
			r.proxy.CloseAll()
			r.stop(err)
		})
	}()
	select {
	case <-r.proxy.Done():
		r.stop(fault.New(fault.Unavailable, "proxy", "died: %v", r.proxy.Err()))
	case err := <-r.console.Over():
		end(err)
	case <-ctx.Done():
	}
}

// trouble reports, without waiting, what would have ended the run.
func (r *room) trouble(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	for name, m := range r.mounts {
		if err := m.Err(); err != nil {
			return fault.Wrap("source "+name, err)
		}
	}
	for _, p := range r.plugins {
		select {
		case <-p.Done():
			return fault.New(fault.Unavailable, "plugin", "died: %v", p.Err())
		default:
		}
	}
	select {
	case <-r.proxy.Done():
		return fault.New(fault.Unavailable, "proxy", "died: %v", r.proxy.Err())
	default:
		return nil
	}
}

// noteAttempts puts into the audit how often the application did and tried what,
// and how often it was refused. Names, addresses and paths are text that the
// application chose: in the audit, which others read in clear, it could say with them
// what it has seen of the data.
func (r *room) noteAttempts(ctx context.Context) error {
	counts := map[string]int{}
	for _, a := range r.proxy.Attempts() {
		counts["attempts."+a.Kind]++
	}
	for _, d := range r.proxy.Decisions() {
		verdict := ".refused"
		if d.Allowed {
			verdict = ".allowed"
		}
		counts["route."+d.Route+"."+d.Phase+verdict]++
	}
	if r.proxy.Dropped() > 0 {
		counts["more"] = 1
	}
	details := map[string]string{}
	for name, n := range counts {
		details[name] = strconv.Itoa(n)
	}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(details)), notesPerEvent) {
		part := map[string]string{}
		for _, name := range chunk {
			part[name] = details[name]
		}
		if err := r.gate.Record(ctx, governance.Request{Operation: governance.APIEgress, Subject: "application", Details: part}); err != nil {
			return err
		}
	}
	return nil
}

// notesPerEvent keeps an event of notes far below governance.MaxEvent.
const notesPerEvent = 32

func (r *room) stopApplication() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := r.app.Stop(ctx, &runtimev1.StopRequest{GraceMillis: stopGrace.Milliseconds()})
	return err
}
