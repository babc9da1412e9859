package bench

import (
	"context"
	"path/filepath"
)

// proxy measures one GET on a kept connection: through Envoy with the filter and its
// policy, through Envoy alone, and straight to the server.
func (b *bench) proxy(ctx context.Context) error {
	var filtered, plain, direct []float64
	for range b.Runs {
		r, err := child[proxyTimes](ctx, "proxy", proxyJob{Dir: filepath.Join(b.dir, "proxy"), Envoy: b.Envoy, Requests: 2000})
		if err != nil {
			return err
		}
		filtered, plain, direct = append(filtered, r.Filtered), append(plain, r.Plain), append(direct, r.Direct)
	}
	b.report.add(Measure{Name: "proxy: request through Envoy and policy, p50", Unit: "µs", Ours: median(filtered), Peer: "through Envoy alone", Other: median(plain)})
	b.report.add(Measure{Name: "  added by filter, policy and dialer", Unit: "µs", Ours: median(filtered) - median(plain)})
	b.report.add(Measure{Name: "  Envoy alone, above a direct request", Unit: "µs", Ours: median(plain) - median(direct), Peer: "a direct request", Other: median(direct)})
	return nil
}
