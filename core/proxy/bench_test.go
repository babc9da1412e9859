package proxy

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/permit"
)

// BenchmarkRequest is one GET on a kept connection: with the filter and policy, and
// beside it through the same Envoy without the filter, and straight to the upstream.
func BenchmarkRequest(b *testing.B) {
	_, at := upstream(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"reference":[1,2,3]}`)
	})
	o := outbound(at)
	o.MaxRequests, o.MaxBytesOut = 1<<40, 1<<40
	r := routeOf(b, o, `on_request_headers if input.request.path == "/"

on_response_headers if input.response.status == 200

on_response_body if count(input.response.body.json.reference) == 3`)
	for name, change := range map[string]func(*Config){
		"filter":  func(*Config) {},
		"plain":   func(c *Config) { c.layout.plain = true },
		"without": nil,
	} {
		b.Run(name, func(b *testing.B) {
			p := start(b, r, change).open(b)
			if change == nil {
				p.at = at
			}
			var took []time.Duration
			url := "http://" + p.routes[0].authorities()[0] + "/"
			for b.Loop() {
				begin := time.Now()
				resp, err := p.client.Get(url)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					b.Fatalf("answers %d", resp.StatusCode)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkStart is the time from Start until connections are accepted.
func BenchmarkStart(b *testing.B) {
	r := routeOf(b, outbound("127.0.0.1:1"), everything)
	first := start(b, r, nil)
	p, end := permit.Issue(opRoomOpen, "room")
	defer end()
	if err := first.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x, err := Start(b.Context(), p, first.config)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
