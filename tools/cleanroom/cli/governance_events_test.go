package cli

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// record has a room open and close at the service. Its runtime data is of the named room,
// contract and key, which a liar's may not be.
func record(t *testing.T, l *liar, room string, under digest.SHA256, name string, other bool) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	named := pub
	if other {
		if named, _, err = ed25519.GenerateKey(nil); err != nil {
			t.Fatal(err)
		}
	}
	wrap, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	data, err := attest.RuntimeData{Keys: []attest.JWK{attest.WrapKey(&wrap.PublicKey), attest.Ed25519Key(named)}, Contract: under, Room: name}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(l.at, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var last digest.SHA256
	for i, e := range []core.Event{
		{Operation: core.RoomOpen, Phase: core.Intent, Evidence: []byte("none"), RuntimeData: data},
		{Operation: core.RoomOpen, Phase: core.Done, Intent: 1},
		{Operation: core.RoomClose, Phase: core.Intent},
		{Operation: core.RoomClose, Phase: core.Done, Intent: 3},
	} {
		e.Contract, e.Room, e.Subject, e.Seq, e.Previous = l.contract, room, room, uint64(i+1), last
		s, err := e.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		last = s.Digest()
		if _, err := c.Record(t.Context(), &governancev1.RecordRequest{Event: s.Event, Signature: s.Signature, RoomKey: pub}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventsVerifyNoticesEveryLie(t *testing.T) {
	l := newLiar(t)
	other := digest.Of([]byte("another contract"))
	record(t, l, "good", l.contract, "good", false)
	record(t, l, "wrong-key", l.contract, "wrong-key", true)
	record(t, l, "wrong-room", l.contract, "good", false)
	record(t, l, "wrong-contract", other, "wrong-contract", false)
	must(t, "governance", "events", "--service", l.at, "--verify", "--contract", l.contract.String(), "good")

	trail := func(f func(*api.Trail)) func([]byte) []byte { return altered(t, f) }
	for name, tc := range map[string]struct {
		room   string
		change func([]byte) []byte
		want   string
	}{
		"a key that the runtime data does not name": {"wrong-key", nil, "governance.trail"},
		"runtime data of another room":              {"wrong-room", nil, "the runtime data is of room good"},
		"runtime data of another contract":          {"wrong-contract", nil, "the runtime data is of room wrong-contract under " + other.String()},
		"another room's trail":                      {"good", nil, ""},
		"no events":                                 {"good", trail(func(v *api.Trail) { v.Events = nil }), "the trail is empty"},
		"an event left out":                         {"good", trail(func(v *api.Trail) { v.Events = append(v.Events[:1], v.Events[2:]...) }), "governance.trail"},
		"two events swapped":                        {"good", trail(func(v *api.Trail) { v.Events[1], v.Events[2] = v.Events[2], v.Events[1] }), "governance.trail"},
		"the end left out":                          {"good", trail(func(v *api.Trail) { v.Events = v.Events[:3] }), "no closing event after 3 events"},
		"a changed event":                           {"good", trail(func(v *api.Trail) { v.Events[1].Event[20] ^= 1 }), "governance.trail"},
		"a first event that is none":                {"good", trail(func(v *api.Trail) { v.Events[0].Event = []byte("{}") }), "event 1: "},
		"a receipt of another event":                {"good", trail(func(v *api.Trail) { v.Events[1].Receipt = v.Events[2].Receipt }), "event 2: governance.receipt"},
		"no receipt":                                {"good", trail(func(v *api.Trail) { v.Events[3].Receipt = api.Receipt{} }), "event 4: governance.receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"governance", "events", "--service", l.at, "--verify", tc.room}
			if tc.want == "" { // the service shows another trail under the name
				args, tc.want = append(args, "--contract", other.String()), "the runtime data is of room good under "+l.contract.String()
			}
			if tc.change != nil {
				l.change = map[string]func([]byte) []byte{"/events": tc.change}
				defer func() { l.change = nil }()
			}
			code, out, errOut := try(args...)
			if code != 6 || !strings.Contains(errOut, tc.want) || strings.Contains(out, "verified") {
				t.Errorf("cleanroom %q = %d, %q, %q, want 6 with %q", args, code, out, errOut, tc.want)
			}
		})
	}
}

func TestAServiceThatShowsAnotherRoomIsNoticed(t *testing.T) {
	l := newLiar(t)
	record(t, l, "good", l.contract, "good", false)
	record(t, l, "better", l.contract, "better", false)
	c, err := client.New(l.at, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	better, err := c.Events(t.Context(), "better", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.change = map[string]func([]byte) []byte{"/events": altered(t, func(v *api.Trail) { *v = better })}
	if code, _, errOut := try("governance", "events", "--service", l.at, "--verify", "good"); code != 6 || !strings.Contains(errOut, "the trail is of room better") {
		t.Errorf("events good = %d, %q, want 6: the trail is better's", code, errOut)
	}
}
