package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// Limits of the room's start, above the container launcher's own, and of the demo.
const (
	startLimit   = 1000 // ms
	outsideLimit = 300  // ms of it, outside waiting for services
	demoLimit    = 15   // s
)

// step is one line of the demo's --json.
type step struct {
	Part    string  `json:"part"`
	Step    string  `json:"step"`
	Millis  float64 `json:"millis"`
	Waiting float64 `json:"waitingMillis"`
}

// ran is one run of the demo.
type ran struct {
	summary demo.Summary
	seconds float64
	stages  []step // of the room, until the application's first instruction
	waiting float64
	boot    float64 // from exec to the first stage
}

// room measures the room's start in whole demos, a bare podman run between them.
func (b *bench) room(ctx context.Context) error {
	if _, err := b.demo(ctx, b.demoOptions()); err != nil { // not counted: it fills the page cache
		return err
	}
	var runs []ran
	var bare podmanTimes
	for n := range b.Runs {
		t, err := child[podmanTimes](ctx, "podman", podmanJob{Dir: filepath.Join(b.dir, fmt.Sprint("podman", n)), Image: filepath.Join(b.Release, "images", "demo-app.tar"), Runs: 1})
		if err != nil {
			return err
		}
		bare.Start = append(bare.Start, t.Start...)
		r, err := b.demo(ctx, b.demoOptions())
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	launcher := median(bare.Start)
	first := of(runs, func(r ran) float64 { return float64(r.summary.FirstMS) })
	waiting := of(runs, func(r ran) float64 { return r.waiting })
	b.report.add(Measure{Name: "room: start to first instruction", Unit: "ms", Ours: first, Peer: "bare podman run to its first instruction", Other: launcher})
	b.report.add(Measure{Name: "  above podman run", Unit: "ms", Ours: first - launcher, Limit: startLimit})
	b.report.add(Measure{Name: "  outside waiting for services", Unit: "ms", Ours: first - launcher - waiting, Limit: outsideLimit,
		Note: fmt.Sprintf("for consent, audit, keys and storage it waited %.0f ms", waiting)})
	b.report.add(Measure{Name: "  stage: before spec", Unit: "ms", Ours: of(runs, func(r ran) float64 { return r.boot })})
	for n, s := range runs[0].stages {
		b.report.add(Measure{Name: fmt.Sprintf("  stage: %s", s.Step), Unit: "ms", Ours: of(runs, func(r ran) float64 { return r.stages[n].Millis }),
			Note: fmt.Sprintf("of it waiting %.0f ms", of(runs, func(r ran) float64 { return r.stages[n].Waiting }))})
	}
	b.report.add(Measure{Name: "demo, whole, warm", Unit: "s", Ours: of(runs, func(r ran) float64 { return r.seconds }), Limit: demoLimit})
	return nil
}

func of(runs []ran, f func(ran) float64) float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, f(r))
	}
	return median(v)
}

func (b *bench) demoOptions() demo.Options {
	return demo.Options{Release: b.Release, Files: b.Files, Azurite: b.Azurite, Node: b.Node, Envoy: b.Envoy, Collector: b.Collector, JSON: true}
}

// demo runs one demo and reads its lines.
func (b *bench) demo(ctx context.Context, o demo.Options) (r ran, err error) {
	var out bytes.Buffer
	o.Out = &out
	begin := time.Now()
	if r.summary, err = demo.Run(ctx, o); err != nil {
		return r, err
	}
	r.seconds = time.Since(begin).Seconds()
	r.boot = float64(r.summary.FirstMS)
	for line := range strings.Lines(out.String()) {
		var s step
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			return r, fault.New(fault.Internal, "demo", "%w", err)
		}
		if s.Part != "room" {
			continue
		}
		if s.Step == "capture" {
			return r, nil
		}
		r.stages = append(r.stages, s)
		r.waiting += s.Waiting
		r.boot -= s.Millis
	}
	return r, fault.New(fault.Internal, "demo", "the room tells of no application")
}
