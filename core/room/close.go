package room

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// export sends the console, sealed, and the room's own telemetry, each only if
// the specification names a place for it and after its own consent.
func (r *room) export(ctx context.Context) error {
	if a := r.spec.Telemetry.Application; a != nil {
		dir := filepath.Join(r.State, "console")
		if err := r.console.WriteTo(dir); err != nil {
			return err
		}
		out := volume.Output{Operation: governance.LogsExport, Dir: dir, SinkName: a.Sink, Prefix: a.Object + "/" + r.id, Limit: int64(a.Limit)}
		if err := r.release(ctx, out); err != nil {
			return err
		}
	}
	i := r.spec.Telemetry.Infrastructure
	if i == nil {
		return nil
	}
	return r.gate.Do(ctx, governance.Request{Operation: governance.TelemetryExport, Subject: "infrastructure", Details: map[string]string{"endpoint": i.Endpoint}}, func(ctx context.Context, p permit.Permit) error {
		return r.telemetry.Export(ctx, p, telemetry.Target{Endpoint: i.Endpoint, CA: i.CA, Mode: i.Mode, Signals: i.Signals})
	})
}

// close ends everything in the reverse order of its opening. Where a gate was
// built, closing is an operation like any other: recorded before and after,
// though nobody can refuse it.
func (r *room) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	r.settle(ctx)
	defer os.RemoveAll(filepath.Join(r.State, "console")) // in memory, and gone with it
	if !r.opened {
		return r.unwind(0)
	}
	details := map[string]string{"result": "done"}
	if r.ended != nil {
		details["result"], details["at"] = fault.KindOf(r.ended).String(), where(r.ended)
	}
	// The governance plugins were pushed first; they must outlive the last record.
	err := r.gate.Do(ctx, governance.Request{Operation: governance.RoomClose, Subject: r.spec.Name, Details: details}, func(context.Context, permit.Permit) error {
		return r.unwind(r.governors)
	})
	return errors.Join(err, r.unwind(0)) // of everything, where the record could not be made
}

// where names what a run met its end at, from the stage down, such as "capture, source
// north, volume.read": operations, which this program names, and never the text of an error,
// which others may have written.
func where(err error) string {
	var ops []string
	for err != nil && len(ops) < 3 {
		if f, ok := err.(*fault.Error); ok && opName.MatchString(f.Op) {
			ops = append(ops, f.Op)
		}
		err = errors.Unwrap(err)
	}
	return strings.Join(ops, ", ")
}

// opName is what an operation's name may be to stand in a record.
var opName = regexp.MustCompile(`^[A-Za-z0-9 ./_-]{1,140}$`)

// closeLimit bounds an orderly close.
const closeLimit = 15 * time.Second

// unwind undoes what was opened, last first, until n openings are left.
func (r *room) unwind(n int) error {
	r.mu.Lock()
	n = min(n, len(r.undo))
	rest := r.undo[n:]
	r.undo = r.undo[:n:n]
	r.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(rest) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
