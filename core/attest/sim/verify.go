package sim

import (
	"bytes"
	"errors"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/internal/check"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Verifier judges evidence; attest.Verify is the production one.
type Verifier func(ev attest.Evidence, ex attest.Expectations, now time.Time) error

// Verify returns a verifier that trusts the one simulated chip whose Root is
// given, and refuses every other root and all hardware evidence. It checks the
// same links, in the same order, as attest.Verify.
func Verify(root []byte) Verifier {
	return func(ev attest.Evidence, ex attest.Expectations, now time.Time) error {
		const op = "attest.verify"
		if ev.Platform != v1.PlatformSimulated {
			return fault.New(fault.Unattested, op, "platform: %.40q, want %q", ev.Platform, v1.PlatformSimulated)
		}
		if len(ex.RuntimeData) == 0 {
			return fault.New(fault.Invalid, op, "no expectation of runtime data")
		}
		roots, err := check.ParseRoots(line, string(root))
		if err != nil {
			return fault.New(fault.Invalid, op, "simulated root: %w", err)
		}
		return check.Run(ev.Report, ev.Chain, check.Want{
			Roots:      roots,
			HostData:   ex.HostData,
			ReportData: attest.ReportData(ex.RuntimeData),
			MinimumTCB: ex.MinimumTCB,
			Endorse:    endorse,
			Now:        now,
		})
	}
}

func endorse(got []byte) error {
	if !bytes.Equal(got, measurement[:]) {
		return errors.New("measurement is not the simulator's")
	}
	return nil
}
