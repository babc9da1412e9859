package telemetry_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/telemetry"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// The OpenTelemetry collector, which we did not write, understands all that leaves.
func TestRealCollector(t *testing.T) {
	otelcol := needs.Collector(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte(`receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
    logs: {receivers: [otlp], exporters: [debug]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	logPath := filepath.Join(dir, "log")
	log, err := os.Create(logPath)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(otelcol, "--config", config)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	listens := regexp.MustCompile(`Starting HTTP server.*"endpoint": "(127\.0\.0\.1:[1-9]\d*)"`)
	var addr string
	until(t, "the collector listens", logPath, func() bool {
		b, err := os.ReadFile(logPath)
		m := listens.FindSubmatch(b)
		if err != nil || m == nil {
			return false
		}
		addr = string(m[1])
		return true
	})

	tel := start(t, io.Discard)
	record(t, tel)
	if err := tel.Export(t.Context(), allowed(t), telemetry.Target{Endpoint: "http://" + addr, Mode: "open", Signals: []string{"metrics", "traces", "logs"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"room.mount", telemetry.MetricStage, "source mounted"} {
		until(t, "the collector shows "+want, logPath, func() bool {
			b, err := os.ReadFile(logPath)
			if strings.Contains(string(b), "PATIENT-DATA") {
				t.Fatal("what the application chose has left")
			}
			return err == nil && strings.Contains(string(b), want)
		})
	}
}

func until(t *testing.T, what, log string, ok func() bool) {
	t.Helper()
	limit := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			b, err := os.ReadFile(log)
			t.Fatalf("%s: not within a minute: %s (%v)", what, b, err)
		}
	}
}
