package governance_test

import (
	"context"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

func TestWithdrawalStopsTheRoom(t *testing.T) {
	for name, tc := range map[string]struct {
		withdraw func(*fixture)
		words    []string
	}{
		"a switch is turned off": {func(f *fixture) { f.south.Switch(governance.DataPresent, false) },
			[]string{"data.present: consent is withdrawn", "no consent from south for north-data"}},
		"of an earlier operation": {func(f *fixture) { f.north.Switch(governance.RoomOpen, false) },
			[]string{"room.open: consent is withdrawn", "north"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.must(governance.RoomOpen, "room-1")
			f.must(governance.DataPresent, "north-data")
			tc.withdraw(f)
			var told error
			err := f.gate.Watch(t.Context(), func(err error) { told = err })
			wantErr(t, "Watch", err, fault.Denied, tc.words...)
			if told != err {
				t.Errorf("withdrawn was told %v, want %v", told, err)
			}
			wantErr(t, "Do after a withdrawal", f.do(governance.OutputRelease, "out"), fault.Denied, "nothing more may be done", "withdrawn")
			if got := event(t, f.north, -1); got.Phase != governance.Refused {
				t.Errorf("last record = %+v, want the refusal", got)
			}
			f.must(governance.RoomClose, "room-1")
			if err := governance.VerifyTrail(f.south.Events("room-1"), public(f.key), contract); err != nil {
				t.Errorf("VerifyTrail = %v", err)
			}
		})
	}
}

func TestNoAnswerIsAWithdrawal(t *testing.T) {
	away := make(chan struct{})
	f := newFixture(t, func(f *fixture) {
		f.south.Before = func(ctx context.Context, method string, _ governance.Request, _ governance.Phase) error {
			select {
			case <-away:
			default:
				return nil
			}
			if method == "consent" {
				<-ctx.Done() // the endpoint's own timeout is a minute: Watch's limit must end it
				return ctx.Err()
			}
			return nil
		}
	})
	f.must(governance.RoomOpen, "room-1")
	close(away)
	wantErr(t, "Watch", f.gate.Watch(t.Context(), nil), fault.Denied, "room.open: consent is withdrawn", "no answer within 1s")
}

func TestAFailedOperationIsNotInForce(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	err := f.gate.Do(t.Context(), governance.Request{Operation: governance.KeyRelease, Subject: "k"}, func(context.Context, permit.Permit) error {
		return fault.New(fault.NotFound, "test", "no such key")
	})
	wantErr(t, "Do", err, fault.NotFound)
	f.north.Switch(governance.KeyRelease, false)
	ctx, cancel := context.WithTimeout(t.Context(), 3*governance.WatchInterval)
	defer cancel()
	if err := f.gate.Watch(ctx, nil); err != nil {
		t.Errorf("Watch = %v", err)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	f.must(governance.OutputRelease, "out") // done with: not asked about again
	f.north.Switch(governance.OutputRelease, false)
	before := f.north.Asked()
	ctx, cancel := context.WithTimeout(t.Context(), 3*governance.WatchInterval)
	defer cancel()
	if err := f.gate.Watch(ctx, nil); err != nil {
		t.Errorf("Watch = %v", err)
	}
	if f.north.Asked() == before {
		t.Errorf("Watch asked nothing in %s", 3*governance.WatchInterval)
	}
	f.must(governance.RoomClose, "room-1")
}

func TestWatchIntervalAndLimitKeepTheirPromise(t *testing.T) {
	if sum := governance.WatchInterval + governance.WatchLimit; sum >= 2*time.Second {
		t.Errorf("a withdrawal bites after up to %s, want less than 2 s", sum)
	}
}

// A withdrawal also stops what was agreed to before it and has not begun yet.
func TestNothingBeginsAfterAWithdrawal(t *testing.T) {
	withdrawn := make(chan struct{})
	f := newFixture(t, func(f *fixture) {
		f.south.Before = func(_ context.Context, method string, r governance.Request, phase governance.Phase) error {
			if method == "record" && r.Operation == governance.KeyRelease && phase == governance.Intent {
				f.north.Switch(governance.RoomOpen, false)
				<-withdrawn
			}
			return nil
		}
	})
	f.must(governance.RoomOpen, "room-1")
	go f.gate.Watch(t.Context(), func(error) { close(withdrawn) })
	err := f.gate.Do(t.Context(), governance.Request{Operation: governance.KeyRelease, Subject: "north"}, func(context.Context, permit.Permit) error {
		t.Error("the key was released")
		return nil
	})
	wantErr(t, "Do", err, fault.Denied, "key.release", "consent is withdrawn")
}
