package governance_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// liar is a backend whose plugin lies: it holds the signing key and answers something else.
type liar struct {
	*governancetest.Backend
	consent func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error)
	record  func(*governancev1.RecordRequest) (*governancev1.RecordResponse, error)
}

func (l *liar) Consent(ctx context.Context, q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	if l.consent != nil {
		return l.consent(q)
	}
	return l.Backend.Consent(ctx, q)
}

func (l *liar) Record(ctx context.Context, q *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	if l.record != nil {
		return l.record(q)
	}
	return l.Backend.Record(ctx, q)
}

func TestAnAnswerIsGoodForItsOwnQuestionAlone(t *testing.T) {
	key := newKey(t)
	other := func(change func(*governancev1.ConsentRequest)) func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
		return func(q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			q = proto.CloneOf(q)
			change(q)
			a, err := governance.NewAnswer(q, true, "")
			if err != nil {
				return nil, err
			}
			return a.Sign(key)
		}
	}
	signed := func(v any, key ed25519.PrivateKey) *governancev1.ConsentResponse {
		b, err := canonical.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return &governancev1.ConsentResponse{Decision: governancev1.Decision_DECISION_GRANTED, Answer: b, Signature: ed25519.Sign(key, b)}
	}
	for name, tc := range map[string]struct {
		consent func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error)
		word    string // "" is a yes
	}{
		"its own question":  {other(func(*governancev1.ConsentRequest) {}), ""},
		"another nonce":     {other(func(q *governancev1.ConsentRequest) { q.Nonce = make([]byte, 32) }), "another question"},
		"another contract":  {other(func(q *governancev1.ConsentRequest) { q.Contract = make([]byte, 32) }), "another contract"},
		"another room":      {other(func(q *governancev1.ConsentRequest) { q.Room = "room-2" }), "another room"},
		"another room key":  {other(func(q *governancev1.ConsentRequest) { q.RoomKey = make([]byte, 32) }), "another room key"},
		"another operation": {other(func(q *governancev1.ConsentRequest) { q.Operation = governance.DataPresent }), "another operation"},
		"another subject":   {other(func(q *governancev1.ConsentRequest) { q.Subject = "x" }), "another subject"},
		"a signed no that is passed off as a yes": {func(q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			a, err := governance.NewAnswer(q, false, "")
			if err != nil {
				return nil, err
			}
			r, err := a.Sign(key)
			if err == nil {
				r.Decision = governancev1.Decision_DECISION_GRANTED
			}
			return r, err
		}, "is a no"},
		"another kind of document": {func(q *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			a, err := governance.NewAnswer(q, true, "")
			a.Type = "cleanroom.answer/v2"
			return signed(a, key), err
		}, "another purpose"},
		"more than an answer": {func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			return signed(map[string]any{"granted": true, "x": 1}, key), nil
		}, "unknown field"},
		"no decision": {func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			return &governancev1.ConsentResponse{}, nil
		}, "gave no decision"},
		"nothing at all": {func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) { return nil, nil }, "gave no decision"},
		"an unknown decision": {func(*governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
			return &governancev1.ConsentResponse{Decision: 3}, nil
		}, "gave no decision"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(f *fixture) {
				f.cfg.Consent = []governance.Consenter{{Name: "liar", Operations: consentOps, Timeout: time.Minute,
					Client: &liar{Backend: f.north, consent: tc.consent}, AnswerKey: public(key)}}
			})
			err := f.do(governance.RoomOpen, "room-1")
			if tc.word == "" {
				if err != nil {
					t.Errorf("Do = %v", err)
				}
				return
			}
			wantErr(t, "Do", err, fault.Denied, "no consent from liar", tc.word)
		})
	}
}

func TestAReceiptIsGoodForItsOwnEventAlone(t *testing.T) {
	f := newFixture(t, nil)
	old, err := f.north.Record(t.Context(), first(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]*governancev1.RecordResponse{"another event's receipt": old, "no receipt": {}, "nothing": nil} {
		g := newFixture(t, func(g *fixture) {
			l := &liar{Backend: f.north, record: func(*governancev1.RecordRequest) (*governancev1.RecordResponse, error) { return answer, nil }}
			g.cfg.Audit = []governance.Recorder{{Name: "liar", Timeout: time.Minute, Client: l, AnswerKey: f.north.Key()}}
		})
		err := g.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "s"}, func(context.Context, permit.Permit) error {
			t.Errorf("%s: the operation ran", name)
			return nil
		})
		wantErr(t, name, err, fault.Denied, "not recorded by liar")
	}
}

func TestAReceiptOfAnotherPurposeIsRefused(t *testing.T) {
	key := newKey(t)
	event := first(t).GetEvent()
	for name, tc := range map[string]struct {
		purpose string
		want    bool
	}{"a receipt": {governance.ReceiptType, true}, "something else": {"cleanroom.other/v1", false}, "nothing said": {"", false}} {
		b, err := canonical.Marshal(governance.Receipt{Event: digest.Of(event), Room: "r", Seq: 1, Type: tc.purpose})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := governance.VerifyReceipt(event, b, ed25519.Sign(key, b), public(key)); (err == nil) != tc.want {
			t.Errorf("%s: VerifyReceipt = %v", name, err)
		}
	}
}

// first is another room's first event.
func first(t *testing.T) *governancev1.RecordRequest {
	key := newKey(t)
	e := signed(t, key, whole[:1])[0]
	return &governancev1.RecordRequest{Event: e.Event, Signature: e.Signature, RoomKey: public(key)}
}

func TestQuestionsAreChecked(t *testing.T) {
	good := &governancev1.ConsentRequest{Operation: governance.KeyRelease, Subject: "s", Contract: contract.Bytes(), Room: "r",
		RoomKey: make([]byte, 32), Nonce: make([]byte, 32)}
	if err := governance.CheckQuestion(good); err != nil {
		t.Errorf("CheckQuestion = %v", err)
	}
	for name, change := range map[string]func(*governancev1.ConsentRequest){
		"an unknown operation": func(q *governancev1.ConsentRequest) { q.Operation = "x" },
		"no subject":           func(q *governancev1.ConsentRequest) { q.Subject = "" },
		"half a contract":      func(q *governancev1.ConsentRequest) { q.Contract = q.Contract[:16] },
		"no room":              func(q *governancev1.ConsentRequest) { q.Room = "" },
		"half a key":           func(q *governancev1.ConsentRequest) { q.RoomKey = q.RoomKey[:16] },
		"a short nonce":        func(q *governancev1.ConsentRequest) { q.Nonce = q.Nonce[:8] },
	} {
		q := proto.CloneOf(good)
		change(q)
		wantErr(t, name, governance.CheckQuestion(q), fault.Invalid)
	}
}
