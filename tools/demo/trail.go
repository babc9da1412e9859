package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// checkTrail reads the room's trail from the ledger as any party can, and
// believes it only because the key that signs it is in the room's evidence.
func (d *demo) checkTrail(ctx context.Context) (string, error) {
	trail, err := d.ledger.client.Events(ctx, d.result.Room, nil)
	if err != nil {
		return "", err
	}
	events := client.Signed(trail)
	if len(events) == 0 {
		return "", fault.New(fault.Tampered, "audit trail", "room %s has no event", d.result.Room)
	}
	first, err := governance.ParseEvent(events[0].Event)
	if err != nil {
		return "", err
	}
	evidence, err := attest.ParseEvidence(first.Evidence)
	if err != nil {
		return "", err
	}
	if err := sim.Verify(d.device.Root())(evidence, attest.Expectations{
		HostData: d.policy.Hash, RuntimeData: first.RuntimeData, MinimumTCB: sim.Floor,
	}, time.Now()); err != nil {
		return "", err
	}
	data, err := attest.ParseRuntimeData(first.RuntimeData)
	if err != nil {
		return "", err
	}
	if d.roomKey, err = data.EventKey(); err != nil {
		return "", err
	}
	if !data.Contract.Equal(d.contract) || data.Room != d.result.Room {
		return "", fault.New(fault.Tampered, "audit trail", "evidence is of room %s under %s", data.Room, data.Contract)
	}
	if err := governance.VerifyTrail(events, d.roomKey, d.contract); err != nil {
		return "", err
	}
	for _, s := range events {
		e, err := governance.ParseEvent(s.Event)
		if err != nil {
			return "", err
		}
		if e.Phase == governance.Done && e.Operation == governance.OutputRelease {
			d.released = e.Details
		}
		d.ui.say("%10s %3d  %-17s %-7s  %s", "", e.Seq, e.Operation, e.Phase, e.Subject)
	}
	if d.released == nil {
		return "", fault.New(fault.Tampered, "audit trail", "no output was released")
	}
	d.summary.Events = len(events)
	if inbox := int(d.inbox.records.Load()); inbox != len(events) {
		return "", fault.New(fault.Tampered, "audit trail", "the ledger has %d events, the hospital's inbox %d", len(events), inbox)
	}
	return fmt.Sprintf("%d events, from room.open to room.close, evidence and chain verified", len(events)), nil
}
