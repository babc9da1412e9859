package telemetry_test

import (
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/telemetry"
)

func TestCallsAndStagesAreOneTrace(t *testing.T) {
	r := newReceiver(t, httptest.NewServer)
	tel := start(t, io.Discard)
	ctx, endStage := tel.Span(t.Context(), "release keys")
	_, endCall := tel.Call(ctx, "keyservice/broker", "north-broker", "release")
	endCall(fault.New(fault.Unattested, "broker", "secret words"))
	endStage(nil)
	_, endOther := tel.Span(t.Context(), "mount")
	endOther(nil)
	if err := tel.Export(t.Context(), allowed(t), telemetry.Target{Endpoint: r.URL, Mode: "open", Signals: []string{"traces", "metrics"}}); err != nil {
		t.Fatal(err)
	}
	got := r.all()
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`trace_id:\s*("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(got, -1) {
		ids[m[1]] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d traces, want the room's one", len(ids))
	}
	for _, want := range []string{"plugin.release", "room.mount", "north-broker", telemetry.MetricCall, "unattested"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing says %q", want)
		}
	}
	if strings.Contains(got, "secret words") {
		t.Error("an error's text left the room")
	}
}

func TestNoTelemetryObservesNothing(t *testing.T) {
	var none *telemetry.Telemetry
	_, end := none.Call(t.Context(), "a", "b", "c")
	end(nil)
}
