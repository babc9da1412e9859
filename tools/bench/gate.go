package bench

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

// gate lets everything pass: what is measured behind it takes permits of a real gate
// only, and whom it asks is not measured here.
func gate() (*governance.Gate, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, op := range governance.Operations() {
		if governance.NeedsConsent(op) {
			all = append(all, op)
		}
	}
	b := governancetest.New(all...)
	return governance.New(governance.Config{
		Contract: digest.Of([]byte("bench")), Room: "bench", Key: key,
		Consent: []governance.Consenter{{Name: "bench", Operations: all, Timeout: time.Minute, Client: b, AnswerKey: b.Key()}},
		Audit:   []governance.Recorder{{Name: "bench", Timeout: time.Minute, Client: b, AnswerKey: b.Key()}},
	})
}

// under does one operation of the gate.
func under(ctx context.Context, g *governance.Gate, operation, subject string, fn func(context.Context, permit.Permit) error) error {
	return g.Do(ctx, governance.Request{Operation: operation, Subject: subject}, fn)
}

// opened is a gate of a room that is open.
func opened(ctx context.Context) (*governance.Gate, error) {
	g, err := gate()
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context, permit.Permit) error { return nil }
	return g, under(ctx, g, governance.RoomOpen, dataset, nothing)
}
