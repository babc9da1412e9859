package plugin

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
)

// callLimit ends a call whose caller set no deadline: a plugin that hangs makes nobody wait
// for ever.
const callLimit = time.Minute

// notice is how long a broken connection may be noticed before the end of the process
// behind it, on a busy machine.
const notice = 2 * time.Second

// limit gives ctx a deadline if it has none.
func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// fromStatus gives err its kind. gRPC reports a dead plugin with a code and no kind of
// ours; that the process is gone tells it from a live one that forgot the kind.
func (p *Process) fromStatus(ctx context.Context, op string, err error) error {
	out := wire.FromStatus(ctx, op, err)
	code := status.Code(err)
	if fault.KindOf(out) != fault.Internal || ctx.Err() != nil || code != codes.Unavailable && code != codes.Canceled {
		return out
	}
	timer := time.NewTimer(notice)
	defer timer.Stop()
	select {
	case <-p.Done():
		return fault.Wrap(op, p.conn.Err())
	case <-timer.C:
		return out
	}
}

// call makes one unary call under the limit; op is the operation's name in errors.
func call[Q, A any](ctx context.Context, p *Process, op string, rpc func(context.Context, Q) (A, error), req Q) (A, error) {
	ctx, cancel := limit(ctx, callLimit)
	defer cancel()
	ctx, end := p.observe(ctx, op)
	resp, err := rpc(ctx, req)
	if err != nil {
		var none A
		err = fault.Wrap("plugin "+p.name, p.fromStatus(ctx, op, err))
		end(err)
		return none, err
	}
	end(nil)
	return resp, nil
}

// observe tells whoever watches of a call, by the first word of op: what follows
// names an object or a key. The plugin gets the trace's context (W3C traceparent).
func (p *Process) observe(ctx context.Context, op string) (context.Context, func(error)) {
	end := func(error) {}
	if p.options.Observe != nil {
		name, _, _ := strings.Cut(op, " ")
		ctx, end = p.options.Observe(ctx, name)
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	for k, v := range carrier {
		ctx = metadata.AppendToOutgoingContext(ctx, k, v)
	}
	return ctx, end
}

// only refuses to treat a plugin as one of another kind.
func (p *Process) only(kind string) error {
	if p.kind != kind {
		return fault.New(fault.Invalid, "plugin "+p.name, "is no %s", kind)
	}
	return nil
}
