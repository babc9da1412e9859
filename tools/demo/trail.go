package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// readTrail reads a room's trail from the ledger as any party can, and believes
// it only because the key that signs it is in the room's evidence. An error for
// a trail that is right but not closed comes with its events.
func (d *demo) readTrail(ctx context.Context, room string) ([]governance.Event, error) {
	trail, err := d.ledger.client.Events(ctx, room, nil)
	if err != nil {
		return nil, err
	}
	signed := client.Signed(trail)
	if len(signed) == 0 {
		return nil, fault.New(fault.Tampered, "audit trail", "room %s has no event", room)
	}
	events := make([]governance.Event, len(signed))
	for n, s := range signed {
		if events[n], err = governance.ParseEvent(s.Event); err != nil {
			return nil, err
		}
	}
	if err := d.believe(events[0], room); err != nil {
		return nil, err
	}
	err = governance.VerifyTrail(signed, d.roomKey, d.contract)
	if err != nil && !errors.Is(err, governance.ErrIncomplete) {
		return nil, err
	}
	for _, e := range events {
		d.ui.say("%10s %3d  %-17s %-7s  %s", "", e.Seq, e.Operation, e.Phase, strings.TrimSpace(e.Subject+" "+e.Details["part"]))
	}
	d.summary.Room, d.summary.Events = room, len(events)
	if inbox := int(d.inbox.records.Load()); err == nil && inbox != len(events) {
		return nil, fault.New(fault.Tampered, "audit trail", "the ledger has %d events, the hospital's inbox %d", len(events), inbox)
	}
	return events, err
}

// believe takes the room's key from the evidence in its first event.
func (d *demo) believe(first governance.Event, room string) error {
	evidence, err := attest.ParseEvidence(first.Evidence)
	if err != nil {
		return err
	}
	if err := sim.Verify(d.device.Root())(evidence, attest.Expectations{
		HostData: d.policy.Hash, RuntimeData: first.RuntimeData, MinimumTCB: sim.Floor,
	}, time.Now()); err != nil {
		return err
	}
	data, err := attest.ParseRuntimeData(first.RuntimeData)
	if err != nil {
		return err
	}
	if !data.Contract.Equal(d.contract) || data.Room != room {
		return fault.New(fault.Tampered, "audit trail", "evidence is of room %s under %s", data.Room, data.Contract)
	}
	d.roomKey, err = data.EventKey()
	return err
}

// checkTrail looks at the trail of a room that did all it was to do.
func (d *demo) checkTrail(ctx context.Context) (string, error) {
	events, err := d.readTrail(ctx, d.result.Room)
	if err != nil {
		return "", err
	}
	for _, e := range events {
		if e.Phase == governance.Done && e.Operation == governance.OutputRelease {
			d.released = e.Details
		}
	}
	if d.released == nil {
		return "", fault.New(fault.Tampered, "audit trail", "no output was released")
	}
	return whole(events), nil
}

// checkRefusal looks at the trail of a room that did not: a refusal is part of
// the record, and a room that was opened must have said that it closed.
func (d *demo) checkRefusal(ctx context.Context) (string, error) {
	rooms, err := d.ledger.client.Rooms(ctx)
	if err != nil {
		return "", err
	}
	if len(rooms) == 0 {
		return "no event: the room asked for nothing", nil
	}
	events, err := d.readTrail(ctx, rooms[0].Room)
	opened := slices.ContainsFunc(events, func(e governance.Event) bool {
		return e.Operation == governance.RoomOpen && e.Phase == governance.Done
	})
	switch {
	case err == nil:
		closing := slices.IndexFunc(events, func(e governance.Event) bool { return e.Operation == governance.RoomClose })
		return fmt.Sprintf("%s: %s at %s", whole(events), events[closing].Details["result"], events[closing].Details["at"]), nil
	case opened || events == nil:
		return "", err
	}
	return fmt.Sprintf("the room was never opened; events: %d, evidence and chain verified", len(events)), nil
}

func whole(events []governance.Event) string {
	return fmt.Sprintf("%d events, from room.open to room.close, evidence and chain verified", len(events))
}
