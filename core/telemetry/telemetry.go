// Package telemetry records what a room's infrastructure does, as OpenTelemetry
// traces, metrics and logs, and keeps it in the room until the gate lets it out.
// It also captures the application's console. It never sends anything before it is
// given a permit, never exports a name or value that the application chose, and
// never mixes the console into infrastructure telemetry.
package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Config says whose telemetry it is. Every field is required.
type Config struct {
	Service  string        // the program, such as cleanroomd
	Room     string        // the run's identifier
	Contract digest.SHA256 // what it runs under
	Log      *slog.Logger  // where log records go besides the spool
}

// Telemetry is one room's. Its methods may be called concurrently; those of a nil
// Telemetry record nothing, except that Export refuses.
type Telemetry struct {
	spool  *spool
	traces *sdktrace.TracerProvider
	meters *sdkmetric.MeterProvider
	logs   *sdklog.LoggerProvider
	log    *slog.Logger
	stages metric.Float64Histogram
	calls  metric.Float64Histogram
	room   trace.Span // parent of all others; ended by Export or Close
}

// interval between collections of metrics, and between batches into the spool.
const interval = 5 * time.Second

// New starts recording. The environment's OTEL_ variables have no say: every
// setting that they could make is made here.
func New(ctx context.Context, c Config) (*Telemetry, error) {
	if c.Service == "" || c.Room == "" || c.Contract.IsZero() || c.Log == nil {
		return nil, fault.New(fault.Invalid, "telemetry.new", "service, room, contract and log are required")
	}
	t := &Telemetry{spool: &spool{limit: SpoolLimit}}
	res := resource.NewSchemaless(attribute.String(ResourceService, c.Service),
		attribute.String(ResourceRoom, c.Room), attribute.String(ResourceContract, c.Contract.String()))
	if err := t.start(ctx, res); err != nil {
		return nil, fault.New(fault.Internal, "telemetry.new", "%w", err)
	}
	t.log = slog.New(&bridge{local: c.Log.Handler(), out: t.logs.Logger(scope)})
	return t, nil
}

// nowhere stands where exporters want a host: the spool never connects.
const nowhere = "spool.invalid"

func (t *Telemetry) start(ctx context.Context, res *resource.Resource) error {
	keep := &http.Client{Transport: t.spool}
	te, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(nowhere), otlptracehttp.WithURLPath("/v1/traces"),
		otlptracehttp.WithInsecure(), otlptracehttp.WithHTTPClient(keep), otlptracehttp.WithHeaders(map[string]string{}),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return err
	}
	me, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(nowhere), otlpmetrichttp.WithURLPath("/v1/metrics"),
		otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithHTTPClient(keep), otlpmetrichttp.WithHeaders(map[string]string{}),
		otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}),
		otlpmetrichttp.WithTemporalitySelector(sdkmetric.DefaultTemporalitySelector))
	if err != nil {
		return err
	}
	le, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(nowhere), otlploghttp.WithURLPath("/v1/logs"),
		otlploghttp.WithInsecure(), otlploghttp.WithHTTPClient(keep), otlploghttp.WithHeaders(map[string]string{}),
		otlploghttp.WithCompression(otlploghttp.NoCompression), otlploghttp.WithRetry(otlploghttp.RetryConfig{}))
	if err != nil {
		return err
	}
	t.traces = sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithBatcher(te, sdktrace.WithBatchTimeout(interval), sdktrace.WithMaxQueueSize(2048), sdktrace.WithMaxExportBatchSize(512)))
	t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithResource(res),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(me, sdkmetric.WithInterval(interval))))
	t.logs = sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithAttributeValueLengthLimit(maxValue),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(le, sdklog.WithExportInterval(interval), sdklog.WithMaxQueueSize(2048), sdklog.WithExportMaxBatchSize(512))))
	m := t.Meter()
	if t.stages, err = m.Float64Histogram(MetricStage, metric.WithUnit("s")); err != nil {
		return err
	}
	if t.calls, err = m.Float64Histogram(MetricCall, metric.WithUnit("s")); err != nil {
		return err
	}
	_, t.room = t.traces.Tracer(scope).Start(ctx, "room", trace.WithNewRoot())
	_, err = m.Int64ObservableCounter(MetricDropped, metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(t.spool.lost())
		return nil
	}))
	return err
}

// Meter is for instruments of the room's own, with names and attributes from
// this package's list.
func (t *Telemetry) Meter() metric.Meter {
	if t == nil {
		return noop.NewMeterProvider().Meter(scope)
	}
	return t.meters.Meter(scope)
}

// Logger writes to the configured log, and the exportable part of each record to
// the spool. A nil Telemetry's discards.
func (t *Telemetry) Logger() *slog.Logger {
	if t == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.log
}

// Span begins a stage. The returned function ends it, with the error it had: of
// that only the kind is kept.
func (t *Telemetry) Span(ctx context.Context, stage string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	return t.begin(ctx, stagePrefix+stage, t.stages, attribute.String(FieldStage, stage))
}

// Call begins a call to a plugin, as Span does a stage.
func (t *Telemetry) Call(ctx context.Context, plugin, instance, call string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	return t.begin(ctx, callPrefix+call, t.calls, attribute.String(FieldPlugin, plugin), attribute.String(FieldInstance, instance), attribute.String(FieldCall, call))
}

// begin begins a span and, when it ends, records how long it took. All spans of
// a room are one trace: a span without a parent is a child of the room's own.
func (t *Telemetry) begin(ctx context.Context, name string, took metric.Float64Histogram, about ...attribute.KeyValue) (context.Context, func(error)) {
	begin := time.Now()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = trace.ContextWithSpan(ctx, t.room)
	}
	ctx, span := t.traces.Tracer(scope).Start(ctx, name, trace.WithAttributes(about...))
	return ctx, func(err error) {
		result := "done"
		if err != nil {
			result = fault.KindOf(err).String()
			span.SetStatus(codes.Error, result)
		}
		about = append(about, attribute.String(FieldResult, result))
		span.SetAttributes(about...)
		span.End()
		took.Record(context.WithoutCancel(ctx), time.Since(begin).Seconds(), metric.WithAttributes(about...))
	}
}
