package demo

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// set gives one of the specification's ${…} its value.
func (d *demo) set(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values[name] = value
}

// startServices starts everything that lives outside the room, at once.
func (d *demo) startServices(ctx context.Context) (string, error) {
	if err := d.makeParties(); err != nil {
		return "", err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, start := range []func(context.Context) error{
		d.startStorage, d.startInbox, d.startLedger, d.startReference, d.startCollector, d.startBrokers,
	} {
		g.Go(func() error { return start(ctx) })
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	return "Azurite, governance, two brokers, a reference API, an OTLP collector", nil
}

// startReference starts the HTTP API that the application may call.
func (d *demo) startReference(ctx context.Context) error {
	var ready struct {
		Addr string `json:"addr"`
	}
	if _, err := d.launchJSON(ctx, "reference", &ready, d.bin("demo-api"), "--listen", "127.0.0.1:0"); err != nil {
		return err
	}
	d.set("reference", ready.Addr)
	return nil
}

// startCollector starts the OpenTelemetry collector, which writes what it
// received to its log.
func (d *demo) startCollector(ctx context.Context) error {
	config := filepath.Join(d.dir, "otelcol.yaml")
	const text = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
    logs: {receivers: [otlp], exporters: [debug]}
`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	_, addr, err := d.launch(ctx, "collector", collectorReady, d.Collector, "--config", config)
	if err != nil {
		return err
	}
	d.set("collector", "http://"+addr)
	return nil
}

// received waits until the collector has written of every signal, and says how
// many bytes it wrote; 0 when it has not within the wait.
func (d *demo) received(ctx context.Context) int64 {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		log, err := os.ReadFile(filepath.Join(d.dir, "logs", "collector.log"))
		if err == nil && bytes.Contains(log, []byte("ResourceSpans")) && bytes.Contains(log, []byte("ResourceMetrics")) && bytes.Contains(log, []byte("ResourceLog")) {
			return int64(len(log))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0
		}
	}
}
