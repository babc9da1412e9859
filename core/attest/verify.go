package attest

import (
	"errors"
	"time"

	"github.com/google/go-sev-guest/verify/trust"

	"github.com/cleanroom-dev/cleanroom/core/attest/internal/check"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// TCB is a floor under the patch levels of the platform's firmware.
type TCB = check.TCB

// Expectations is what evidence must show. Each is required.
type Expectations struct {
	HostData    digest.SHA256 // hash of the policy that governs the guest
	RuntimeData []byte        // as the room sent it; its hash must be in REPORT_DATA
	MinimumTCB  TCB           // not all zero
}

// Verify checks hardware evidence against the expectations at time now: report,
// chain to AMD's root, TCB, guest policy, VMPL, host data, report data and
// endorsement of the measurement. Broken evidence is Unattested and the error
// names the link; an empty expectation is Invalid.
//
// Endorsements of the guest's firmware are not verified yet, so evidence that
// passes every other link is refused at the last one: nothing passes.
func Verify(ev Evidence, ex Expectations, now time.Time) error {
	const op = "attest.verify"
	if ev.Platform != v1.PlatformSNP {
		return fault.New(fault.Unattested, op, "platform: %.40q, want %q", ev.Platform, v1.PlatformSNP)
	}
	if len(ex.RuntimeData) == 0 {
		return fault.New(fault.Invalid, op, "no expectation of runtime data")
	}
	roots, err := amdRoots()
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	return check.Run(ev.Report, ev.Chain, check.Want{
		Roots:      roots,
		HostData:   ex.HostData,
		ReportData: ReportData(ex.RuntimeData),
		MinimumTCB: ex.MinimumTCB,
		Endorse:    endorse,
		Now:        now,
	})
}

// amdRoots returns AMD's published roots. Turin is left out: its TCB_VERSION has
// another layout, which the library reads as if it were Milan's.
func amdRoots() (check.Roots, error) {
	roots := check.Roots{}
	for _, line := range []string{"Milan", "Genoa"} {
		r, err := trust.GetDefaultRootCerts(line)
		if err != nil {
			return nil, err
		}
		roots[line] = r
	}
	return roots, nil
}

// endorse stands for the check of MEASUREMENT against the platform's signed
// endorsement of its utility VM. Until that is built the answer is no.
func endorse([]byte) error { return errors.New("UVM endorsement: not verified") }
