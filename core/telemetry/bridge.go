package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// bridge is a slog.Handler in two directions: local gets the record as it is; out
// gets its message, which is constant, and those of its fields that may be exported.
type bridge struct {
	local  slog.Handler
	out    log.Logger
	fields []attribute.KeyValue // from With, exportable ones only
	group  bool                 // inside a group: nothing there is on the list
}

func (b *bridge) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || b.local.Enabled(ctx, l)
}

func (b *bridge) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		var o log.Record
		o.SetTimestamp(r.Time)
		o.SetBody(attribute.StringValue(r.Message))
		o.SetSeverity(severity(r.Level))
		o.SetSeverityText(r.Level.String())
		o.AddAttributes(b.fields...)
		if !b.group {
			r.Attrs(func(a slog.Attr) bool {
				if kv, ok := export(a); ok {
					o.AddAttributes(kv)
				}
				return true
			})
		}
		b.out.Emit(ctx, o)
	}
	if !b.local.Enabled(ctx, r.Level) {
		return nil
	}
	return b.local.Handle(ctx, r)
}

func (b *bridge) WithAttrs(as []slog.Attr) slog.Handler {
	c := *b
	c.local = b.local.WithAttrs(as)
	if !b.group {
		c.fields = append([]attribute.KeyValue(nil), b.fields...)
		for _, a := range as {
			if kv, ok := export(a); ok {
				c.fields = append(c.fields, kv)
			}
		}
	}
	return &c
}

func (b *bridge) WithGroup(name string) slog.Handler {
	if name == "" {
		return b
	}
	c := *b
	c.local, c.group = b.local.WithGroup(name), true
	return &c
}

// export returns the exportable form of a field, if it has one.
func export(a slog.Attr) (attribute.KeyValue, bool) {
	v := a.Value.Resolve()
	if a.Key == FieldError {
		if err, ok := v.Any().(error); ok {
			return attribute.String(FieldKind, fault.KindOf(err).String()), true
		}
		return attribute.KeyValue{}, false
	}
	if !exported[a.Key] {
		return attribute.KeyValue{}, false
	}
	switch v.Kind() {
	case slog.KindString:
		return attribute.String(a.Key, cut(v.String())), true
	case slog.KindInt64:
		return attribute.Int64(a.Key, v.Int64()), true
	case slog.KindUint64:
		return attribute.Int64(a.Key, int64(min(v.Uint64(), 1<<63-1))), true
	case slog.KindFloat64:
		return attribute.Float64(a.Key, v.Float64()), true
	case slog.KindBool:
		return attribute.Bool(a.Key, v.Bool()), true
	case slog.KindDuration:
		return attribute.Int64(a.Key, v.Duration().Milliseconds()), true
	}
	return attribute.KeyValue{}, false // a structure could hold anything
}

func cut(s string) string {
	if len(s) > maxValue {
		return s[:maxValue]
	}
	return s
}

func severity(l slog.Level) log.Severity {
	switch {
	case l >= slog.LevelError:
		return log.SeverityError
	case l >= slog.LevelWarn:
		return log.SeverityWarn
	}
	return log.SeverityInfo
}
