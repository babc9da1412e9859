package governance_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
)

var contract = digest.Of([]byte("contract"))

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

type step struct {
	phase     governance.Phase
	operation string
	intent    uint64
}

// whole is a right trail with two operations whose events interleave.
var whole = []step{
	{governance.Intent, governance.RoomOpen, 0},
	{governance.Done, governance.RoomOpen, 1},
	{governance.Intent, governance.KeyRelease, 0},
	{governance.Intent, governance.DataPresent, 0},
	{governance.Failed, governance.KeyRelease, 3},
	{governance.Done, governance.DataPresent, 4},
	{governance.Note, "proxy.decisions", 0},
	{governance.Refused, governance.OutputRelease, 0},
	{governance.Intent, governance.RoomClose, 0},
	{governance.Done, governance.RoomClose, 9},
}

func signed(t testing.TB, key ed25519.PrivateKey, steps []step) []governance.SignedEvent {
	t.Helper()
	var out []governance.SignedEvent
	var last digest.SHA256
	for i, s := range steps {
		e, err := governance.Event{
			Contract: contract, Room: "r", Seq: uint64(i + 1), Previous: last, Phase: s.phase, Operation: s.operation, Subject: "s", Intent: s.intent,
		}.Sign(key)
		if err != nil {
			t.Fatalf("event %d: %v", i+1, err)
		}
		out, last = append(out, e), e.Digest()
	}
	return out
}

// The room's own key signs it, and it still cannot follow.
func TestAnEventOfAnotherRoomOrContractCannotFollow(t *testing.T) {
	key := newKey(t)
	start := signed(t, key, whole[:1])[0]
	for name, e := range map[string]governance.Event{
		"another room":     {Contract: contract, Room: "other"},
		"another contract": {Contract: digest.Of([]byte("other")), Room: "r"},
	} {
		c := governance.NewChain(public(key))
		if _, err := c.Accept(start); err != nil {
			t.Fatal(err)
		}
		e.Seq, e.Previous, e.Phase, e.Operation, e.Subject = 2, start.Digest(), governance.Note, "x", "s"
		s, err := e.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Accept(s); fault.KindOf(err) != fault.Tampered || err == nil {
			t.Errorf("%s: Accept = %v, want Tampered", name, err)
		}
	}
}

func TestVerifyTrailOfSteps(t *testing.T) {
	cut := func(n int) []step { return slices.Clone(whole[:n]) }
	for name, tc := range map[string]struct {
		steps   []step
		wantErr string
	}{
		"a whole trail passes":                {whole, ""},
		"a trail without its end is no trail": {cut(8), "no closing event"},
		"a close without outcome is no end":   {cut(9), "no closing event"},
		"nothing is no trail":                 {nil, "no closing event"},
		"a trail begins with room.open":       {[]step{{governance.Intent, governance.KeyRelease, 0}}, "begins with room.open"},
		"a trail does not begin with a note":  {[]step{{governance.Note, governance.RoomOpen, 0}}, "begins with room.open"},
		"a room opens in several parts": {[]step{{governance.Intent, governance.RoomOpen, 0}, {governance.Done, governance.RoomOpen, 1},
			{governance.Intent, governance.RoomOpen, 0}, {governance.Done, governance.RoomOpen, 3}, {governance.Intent, governance.RoomClose, 0}, {governance.Done, governance.RoomClose, 5}}, ""},
		"a room does not open again after a failed part": {[]step{{governance.Intent, governance.RoomOpen, 0}, {governance.Failed, governance.RoomOpen, 1},
			{governance.Intent, governance.RoomOpen, 0}}, "not open"},
		"an outcome needs its intent":          {append(cut(2), step{governance.Done, governance.KeyRelease, 1}), "outcome of no intent"},
		"an intent has one outcome":            {append(cut(2), step{governance.Failed, governance.RoomOpen, 1}), "outcome of no intent"},
		"a close waits for every outcome":      {append(cut(4), step{governance.Intent, governance.RoomClose, 0}, step{governance.Done, governance.RoomClose, 5}), "before every operation"},
		"nothing begins in a closing room":     {append(cut(9), step{governance.Intent, governance.KeyRelease, 0}), "is closing"},
		"nothing follows the close":            {append(cut(10), step{governance.Note, "late", 0}), "is closed"},
		"nothing is done in a room not opened": {[]step{{governance.Refused, governance.RoomOpen, 0}, {governance.Intent, governance.KeyRelease, 0}}, "not open"},
		"nothing is done after a failed open": {[]step{{governance.Intent, governance.RoomOpen, 0}, {governance.Failed, governance.RoomOpen, 1},
			{governance.Intent, governance.KeyRelease, 0}}, "not open"},
		"a room that was refused can close": {[]step{{governance.Refused, governance.RoomOpen, 0}, {governance.Intent, governance.RoomClose, 0},
			{governance.Done, governance.RoomClose, 2}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			key := newKey(t)
			err := governance.VerifyTrail(signed(t, key, tc.steps), public(key), contract)
			if tc.wantErr == "" {
				if err != nil {
					t.Errorf("VerifyTrail(%v) = %v", tc.steps, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != fault.Tampered {
				t.Errorf("VerifyTrail(%v) = %v, want Tampered %q", tc.steps, err, tc.wantErr)
			}
			if got, want := errors.Is(err, governance.ErrIncomplete), tc.wantErr == "no closing event"; got != want {
				t.Errorf("errors.Is(%v, ErrIncomplete) = %v", err, got)
			}
		})
	}
}

func TestVerifyTrailNoticesEveryChange(t *testing.T) {
	key, other := newKey(t), newKey(t)
	good := signed(t, key, whole)
	resigned := func(i int, change func(*governance.Event)) []governance.SignedEvent {
		out := slices.Clone(good)
		e, err := governance.ParseEvent(out[i].Event)
		if err != nil {
			t.Fatal(err)
		}
		change(&e)
		if out[i], err = e.Sign(key); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, events := range map[string][]governance.SignedEvent{
		"re-signed subject": resigned(3, func(e *governance.Event) { e.Subject = "x" }),
		"re-signed details": resigned(3, func(e *governance.Event) { e.Details = map[string]string{"a": "b"} }),
		"other contract":    resigned(3, func(e *governance.Event) { e.Contract = digest.Of(nil) }),
		"other room":        resigned(3, func(e *governance.Event) { e.Room = "x" }),
		"other number":      resigned(3, func(e *governance.Event) { e.Seq++ }),
		"other previous":    resigned(3, func(e *governance.Event) { e.Previous = digest.Of(nil) }),
		"other key":         signed(t, other, whole),
	} {
		if err := governance.VerifyTrail(events, public(key), contract); fault.KindOf(err) != fault.Tampered || err == nil {
			t.Errorf("%s: VerifyTrail = %v, want Tampered", name, err)
		}
	}
	for i := range good {
		gone := slices.Delete(slices.Clone(good), i, i+1)
		twice := slices.Insert(slices.Clone(good), i, good[i])
		for name, events := range map[string][]governance.SignedEvent{"missing": gone, "repeated": twice} {
			if err := governance.VerifyTrail(events, public(key), contract); err == nil || fault.KindOf(err) != fault.Tampered {
				t.Errorf("event %d %s: VerifyTrail = %v, want Tampered", i+1, name, err)
			}
		}
		for j := 0; j < len(good[i].Event); j += 23 {
			events := slices.Clone(good)
			events[i].Event = bytes.Clone(good[i].Event)
			events[i].Event[j] ^= 1
			if err := governance.VerifyTrail(events, public(key), contract); err == nil {
				t.Errorf("byte %d of event %d changed: VerifyTrail passes", j, i+1)
			}
		}
	}
	if err := governance.VerifyTrail(good, nil, contract); fault.KindOf(err) != fault.Invalid || err == nil {
		t.Errorf("VerifyTrail without a key = %v, want Invalid", err)
	}
	if err := governance.VerifyTrail(good, public(key), digest.SHA256{}); fault.KindOf(err) != fault.Invalid || err == nil {
		t.Errorf("VerifyTrail without a contract = %v, want Invalid", err)
	}
	if err := governance.VerifyTrail(good, public(key), digest.Of(nil)); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("VerifyTrail for another contract = %v, want Tampered", err)
	}
}

func TestNumbersHaveNoGapEvenWhereTheChainHolds(t *testing.T) {
	key := newKey(t)
	c := governance.NewChain(public(key))
	e := signed(t, key, whole[:1])[0]
	if _, err := c.Accept(e); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{1, 3} {
		next := governance.Event{Contract: contract, Room: "r", Seq: seq, Phase: governance.Done, Operation: governance.RoomOpen, Subject: "s", Intent: 1}
		if seq > 1 {
			next.Previous = e.Digest()
		}
		s, err := next.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Accept(s); err == nil || fault.KindOf(err) != fault.Tampered || c.Len() != 1 {
			t.Errorf("Accept(number %d after 1) = %v, want Tampered", seq, err)
		}
	}
}

func TestEventsAreBounded(t *testing.T) {
	key := newKey(t)
	base := governance.Event{Contract: contract, Room: "r", Seq: 2, Previous: contract, Phase: governance.Note, Operation: "o", Subject: "s"}
	for name, change := range map[string]func(*governance.Event){
		"a room's name is short":              func(e *governance.Event) { e.Room = strings.Repeat("r", 129) },
		"a room's name has no slash":          func(e *governance.Event) { e.Room = "a/b" },
		"an operation has a name":             func(e *governance.Event) { e.Operation = "" },
		"a subject is printable":              func(e *governance.Event) { e.Subject = "a\nb" },
		"a subject is there":                  func(e *governance.Event) { e.Subject = "" },
		"a contract is there":                 func(e *governance.Event) { e.Contract = digest.SHA256{} },
		"a phase is known":                    func(e *governance.Event) { e.Phase = "maybe" },
		"only a note has any operation":       func(e *governance.Event) { e.Phase = governance.Refused },
		"only an outcome has an intent":       func(e *governance.Event) { e.Intent = 1 },
		"evidence is in the first event":      func(e *governance.Event) { e.Evidence = []byte("e") },
		"numbers begin at 1":                  func(e *governance.Event) { e.Seq = 0 },
		"the second event has a previous one": func(e *governance.Event) { e.Previous = digest.SHA256{} },
		"a detail's name is a name":           func(e *governance.Event) { e.Details = map[string]string{"a b": ""} },
		"a detail is printable":               func(e *governance.Event) { e.Details = map[string]string{"a": "\x1b[2J"} },
		"a detail is UTF-8":                   func(e *governance.Event) { e.Details = map[string]string{"a": "\xff"} },
		"details are short together": func(e *governance.Event) {
			e.Details = map[string]string{"a": strings.Repeat("a", 4096), "b": strings.Repeat("a", 4096)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := base
			change(&e)
			if _, err := e.Sign(key); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("Sign(%+v) = %v, want Invalid", e, err)
			}
		})
	}
	if _, err := base.Sign(key); err != nil {
		t.Errorf("Sign(%+v) = %v", base, err)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, s := range signed(f, newKey(f), whole) {
		f.Add(s.Event)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := governance.ParseEvent(in)
		if err != nil {
			return
		}
		s, err := e.Sign(newKey(t))
		if err != nil || !bytes.Equal(s.Event, in) {
			t.Errorf("read %q, wrote %q, %v", in, s.Event, err)
		}
	})
}

func FuzzChainAccept(f *testing.F) {
	key := newKey(f)
	for _, s := range signed(f, key, whole) {
		f.Add(s.Event)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c := governance.NewChain(public(key))
		// Signed, so that the fuzzer gets past the signature.
		_, err := c.Accept(governance.SignedEvent{Event: in, Signature: ed25519.Sign(key, in)})
		if want := uint64(0); err != nil && c.Len() != want {
			t.Errorf("a refused event changed the chain: %v", err)
		}
	})
}
