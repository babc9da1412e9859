package governance

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// Whoever knows a contract can invent rooms; what that costs is bounded.
func TestRoomsOfAContractAreBounded(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := digest.Of([]byte("contract"))
	e, err := core.Event{Contract: d, Room: "room", Seq: 1, Operation: core.RoomOpen, Phase: core.Intent, Subject: "s", Evidence: []byte("e"), RuntimeData: []byte("r")}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		rooms   int
		wantErr string
	}{
		"the last one is taken":        {maxRooms - 1, ""},
		"one more than that is denied": {maxRooms, "there may be no more"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newState(key, nil)
			s.contracts[d] = &contract{rooms: tc.rooms}
			apply, err := s.plan(entry{Event: &api.Event{Event: e.Event, Signature: e.Signature, RoomKey: pub}})
			if tc.wantErr != "" {
				if fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("plan = %v, want %q", err, tc.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := apply(0); err != nil || s.contracts[d].rooms != maxRooms {
				t.Errorf("apply = %v; %d rooms, want %d", err, s.contracts[d].rooms, maxRooms)
			}
		})
	}
}
