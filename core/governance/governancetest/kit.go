package governancetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// Subject is a signing backend under test.
type Subject struct {
	Client   governance.Client
	Key      ed25519.PublicKey                     // pinned signer
	Contract digest.SHA256                         // known to the backend and agreed
	Switch   func(operation string, on bool) error // of all parties
}

// Kit returns the tests that every signing backend passes, by name.
func Kit() map[string]func(t testing.TB, s Subject) {
	return map[string]func(testing.TB, Subject){
		"nothing is granted that was not switched on": offIsNo,
		"a yes is signed over the whole question":     yesIsBound,
		"a no after a withdrawal":                     withdrawal,
		"an operation that needs no consent is refused as a question": func(t testing.TB, s Subject) {
			q := question(t, s, governance.RoomClose)
			wantKind(t, "Consent(room.close)", ask(t, s, q), fault.Invalid)
		},
		"a receipt is signed over the event":        receipt,
		"a repeated event gets the same receipt":    repeated,
		"a gap is refused":                          gap,
		"an event signed by another key is refused": forged,
		"a second first event is refused":           fork,
		"bytes that are no canonical event are refused": func(t testing.TB, s Subject) {
			r := newRoom(t, s)
			e := r.next(t, governance.Intent, governance.RoomOpen, 0)
			e.Event = append(bytes.Clone(e.Event), '\n')
			e.Signature = ed25519.Sign(r.key, e.Event)
			wantKind(t, "Record(trailing newline)", r.send(e), fault.Invalid)
		},
	}
}

func offIsNo(t testing.TB, s Subject) {
	for _, op := range governance.Operations() {
		if !governance.NeedsConsent(op) {
			continue
		}
		if err := s.Switch(op, false); err != nil {
			t.Fatalf("Switch(%s, off) = %v", op, err)
		}
		r, err := s.Client.Consent(within(t), question(t, s, op))
		if err != nil || r.GetDecision() != governancev1.Decision_DECISION_REFUSED {
			t.Errorf("Consent(%s) = %v, %v, want refused", op, r.GetDecision(), err)
		}
	}
}

func yesIsBound(t testing.TB, s Subject) {
	if err := s.Switch(governance.DataPresent, true); err != nil {
		t.Fatalf("Switch = %v", err)
	}
	q := question(t, s, governance.DataPresent)
	r, err := s.Client.Consent(within(t), q)
	if err != nil || r.GetDecision() != governancev1.Decision_DECISION_GRANTED {
		t.Fatalf("Consent = %v, %v, want granted", r, err)
	}
	if !ed25519.Verify(s.Key, r.GetAnswer(), r.GetSignature()) {
		t.Errorf("the answer is not signed by the pinned key")
	}
	var a governance.Answer
	if err := canonical.Unmarshal(r.GetAnswer(), &a); err != nil {
		t.Fatalf("answer %s: %v", r.GetAnswer(), err)
	}
	want, err := governance.NewAnswer(q, true, a.Reason)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := canonical.Marshal(want); !bytes.Equal(b, r.GetAnswer()) {
		t.Errorf("answer = %s, want %s", r.GetAnswer(), b)
	}
}

func withdrawal(t testing.TB, s Subject) {
	for _, on := range []bool{true, false, true} {
		if err := s.Switch(governance.AppExecute, on); err != nil {
			t.Fatalf("Switch(%v) = %v", on, err)
		}
		r, err := s.Client.Consent(within(t), question(t, s, governance.AppExecute))
		if got := r.GetDecision() == governancev1.Decision_DECISION_GRANTED; err != nil || got != on {
			t.Errorf("Consent after Switch(%v) = %v, %v", on, r.GetDecision(), err)
		}
	}
}

func receipt(t testing.TB, s Subject) {
	r := newRoom(t, s)
	e := r.next(t, governance.Intent, governance.RoomOpen, 0)
	resp, err := r.record(e)
	if err != nil {
		t.Fatalf("Record = %v", err)
	}
	got, err := governance.VerifyReceipt(e.Event, resp.GetReceipt(), resp.GetSignature(), s.Key)
	if err != nil || got.Seq != 1 || got.Room != r.name {
		t.Errorf("VerifyReceipt = %+v, %v, want event 1 of %s", got, err, r.name)
	}
	if _, err := governance.VerifyReceipt([]byte("other"), resp.GetReceipt(), resp.GetSignature(), s.Key); err == nil {
		t.Errorf("the receipt is good for another event")
	}
}

func repeated(t testing.TB, s Subject) {
	r := newRoom(t, s)
	first := r.next(t, governance.Intent, governance.RoomOpen, 0)
	a, errA := r.record(first)
	second := r.next(t, governance.Done, governance.RoomOpen, 1)
	b, errB := r.record(second)
	again, err := r.record(first)
	if errA != nil || errB != nil || err != nil || !bytes.Equal(again.GetReceipt(), a.GetReceipt()) || bytes.Equal(a.GetReceipt(), b.GetReceipt()) {
		t.Errorf("Record(first) = %v, %v; Record(second) = %v, %v; Record(first again) = %v, %v", a, errA, b, errB, again, err)
	}
}

func gap(t testing.TB, s Subject) {
	r := newRoom(t, s)
	wantNone(t, "Record(1)", r.send(r.next(t, governance.Intent, governance.RoomOpen, 0)))
	r.next(t, governance.Done, governance.RoomOpen, 1) // never sent
	wantKind(t, "Record(3 without 2)", r.send(r.next(t, governance.Intent, governance.KeyRelease, 0)), fault.Tampered)
}

func forged(t testing.TB, s Subject) {
	r := newRoom(t, s)
	e := r.next(t, governance.Intent, governance.RoomOpen, 0)
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	good := e.Signature
	e.Signature = ed25519.Sign(other, e.Event)
	wantKind(t, "Record(signed by another key)", r.send(e), fault.Tampered)
	e.Signature = good
	wantNone(t, "Record(signed by the room)", r.send(e))
}

func fork(t testing.TB, s Subject) {
	r := newRoom(t, s)
	wantNone(t, "Record(1)", r.send(r.next(t, governance.Intent, governance.RoomOpen, 0)))
	r.seq, r.last = 0, digest.SHA256{}
	wantKind(t, "Record(another 1)", r.send(r.next(t, governance.Refused, governance.RoomOpen, 0)), fault.Tampered)
}

// testRoom makes signed events by hand, right and wrong ones.
type testRoom struct {
	s    Subject
	t    testing.TB
	name string
	key  ed25519.PrivateKey
	seq  uint64
	last digest.SHA256
}

func newRoom(t testing.TB, s Subject) *testRoom {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &testRoom{s: s, t: t, name: "kit-" + digest.Of(key).Hex()[:16], key: key}
}

func (r *testRoom) next(t testing.TB, p governance.Phase, operation string, intent uint64) governance.SignedEvent {
	t.Helper()
	r.seq++
	e, err := governance.Event{
		Contract: r.s.Contract, Room: r.name, Seq: r.seq, Previous: r.last, Phase: p, Operation: operation, Subject: "kit", Intent: intent,
	}.Sign(r.key)
	if err != nil {
		t.Fatal(err)
	}
	r.last = e.Digest()
	return e
}

func (r *testRoom) record(e governance.SignedEvent) (*governancev1.RecordResponse, error) {
	return r.s.Client.Record(within(r.t), &governancev1.RecordRequest{Event: e.Event, Signature: e.Signature, RoomKey: r.key.Public().(ed25519.PublicKey)})
}

func (r *testRoom) send(e governance.SignedEvent) error { _, err := r.record(e); return err }

func question(t testing.TB, s Subject, operation string) *governancev1.ConsentRequest {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, governance.NonceSize)
	if _, err := rand.Read(nonce); err != nil {
		t.Fatal(err)
	}
	return &governancev1.ConsentRequest{
		Operation: operation, Subject: "kit", Contract: s.Contract.Bytes(), Room: "kit-question", RoomKey: pub, Nonce: nonce,
	}
}

func ask(t testing.TB, s Subject, q *governancev1.ConsentRequest) error {
	_, err := s.Client.Consent(within(t), q)
	return err
}

func wantKind(t testing.TB, call string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s = %v, want kind %s", call, err, want)
	}
}

func wantNone(t testing.TB, call string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s = %v", call, err)
	}
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
