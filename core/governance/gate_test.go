package governance_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

var consentOps = func() (ops []string) {
	for _, op := range governance.Operations() {
		if governance.NeedsConsent(op) {
			ops = append(ops, op)
		}
	}
	return ops
}()

// fixture is a gate with two consent and audit backends, north and south.
type fixture struct {
	t            testing.TB
	key          ed25519.PrivateKey
	north, south *governancetest.Backend
	cfg          governance.Config
	gate         *governance.Gate
}

func newFixture(t testing.TB, change func(*fixture)) *fixture {
	t.Helper()
	f := &fixture{t: t, key: newKey(t), north: governancetest.New(consentOps...), south: governancetest.New(consentOps...)}
	f.cfg = governance.Config{Contract: contract, Room: "room-1", Key: f.key, Evidence: []byte("evidence"), RuntimeData: []byte("data")}
	for name, b := range map[string]*governancetest.Backend{"north": f.north, "south": f.south} {
		f.cfg.Consent = append(f.cfg.Consent, governance.Consenter{Name: name, Operations: consentOps, Timeout: time.Minute, Client: b, AnswerKey: b.Key()})
		f.cfg.Audit = append(f.cfg.Audit, governance.Recorder{Name: name, Timeout: time.Minute, Client: b, AnswerKey: b.Key()})
	}
	if change != nil {
		change(f)
	}
	var err error
	if f.gate, err = governance.New(f.cfg); err != nil {
		t.Fatalf("New = %v", err)
	}
	return f
}

func (f *fixture) do(op, subject string) error {
	return f.gate.Do(f.t.Context(), governance.Request{Operation: op, Subject: subject}, func(_ context.Context, p permit.Permit) error {
		return p.Check(op, subject)
	})
}

func (f *fixture) must(op, subject string) {
	f.t.Helper()
	if err := f.do(op, subject); err != nil {
		f.t.Fatalf("Do(%s, %s) = %v", op, subject, err)
	}
}

// said returns a backend's record as lines of phase and operation.
func said(t testing.TB, b *governancetest.Backend) []string {
	t.Helper()
	var out []string
	for _, s := range b.Events("room-1") {
		e, err := governance.ParseEvent(s.Event)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Operation+" "+string(e.Phase))
	}
	return out
}

func event(t testing.TB, b *governancetest.Backend, i int) governance.Event {
	t.Helper()
	events := b.Events("room-1")
	if i < 0 {
		i += len(events)
	}
	if i < 0 || i >= len(events) {
		t.Fatalf("there are %d events, want event %d", len(events), i)
	}
	e, err := governance.ParseEvent(events[i].Event)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantErr(t testing.TB, call string, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s = %v (kind %s), want kind %s", call, err, fault.KindOf(err), kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s = %q, want %q in it", call, err, w)
		}
	}
}

func TestDoIsRecordedBeforeAndAfterAtAllEndpoints(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	err := f.gate.Do(t.Context(), governance.Request{
		Operation: governance.OutputRelease, Subject: "results", Details: map[string]string{"files": "2"},
		Outcome: func() map[string]string { return map[string]string{"manifest": "sha256:ab"} },
	}, func(context.Context, permit.Permit) error {
		for _, b := range []*governancetest.Backend{f.north, f.south} {
			if got := event(t, b, -1); got.Phase != governance.Intent || got.Operation != governance.OutputRelease {
				t.Errorf("inside Do the last record is %s %s", got.Operation, got.Phase)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Do = %v", err)
	}
	if err := f.gate.Record(t.Context(), governance.Request{Operation: "proxy.decisions", Subject: "api", Details: map[string]string{"refused": "3"}}); err != nil {
		t.Fatalf("Record = %v", err)
	}
	f.must(governance.RoomClose, "room-1")
	for _, b := range []*governancetest.Backend{f.north, f.south} {
		if err := governance.VerifyTrail(b.Events("room-1"), public(f.key), contract); err != nil {
			t.Errorf("VerifyTrail = %v of %q", err, said(t, b))
		}
	}
	if first := event(t, f.north, 0); string(first.Evidence) != "evidence" || string(first.RuntimeData) != "data" {
		t.Errorf("the first event has evidence %q, runtime data %q", first.Evidence, first.RuntimeData)
	}
	if intent := event(t, f.north, 2); intent.Details["files"] != "2" || intent.Details["consent.signed"] == "" || intent.Details["consent.unsigned"] != "" {
		t.Errorf("intent's details = %v", intent.Details)
	}
	if done := event(t, f.north, 3); done.Details["manifest"] != "sha256:ab" || done.Intent != 3 {
		t.Errorf("outcome = %+v", done)
	}
}

func TestThePermitEndsWithTheOperation(t *testing.T) {
	f := newFixture(t, nil)
	var kept permit.Permit
	if err := f.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "room-1"}, func(_ context.Context, p permit.Permit) error {
		kept = p
		return p.Check(governance.RoomOpen, "room-1")
	}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "Check after Do", kept.Check(governance.RoomOpen, "room-1"), fault.Denied, "has ended")
}

func TestOneNoIsANo(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	f.south.Switch(governance.KeyRelease, false)
	wantErr(t, "Do", f.do(governance.KeyRelease, "north-data"), fault.Denied, "key.release: no consent from south", "north-data", "switched off")
	if got := said(t, f.north); got[len(got)-1] != "key.release refused" {
		t.Errorf("records = %q, want the refusal last", got)
	}
	if got := event(t, f.north, -1).Details; got["endpoint"] != "south" || got["kind"] != "denied" {
		t.Errorf("refusal's details = %v", got)
	}
	f.must(governance.RoomClose, "room-1")
	if err := governance.VerifyTrail(f.north.Events("room-1"), public(f.key), contract); err != nil {
		t.Errorf("VerifyTrail = %v", err)
	}
}

func TestARefusedRoomIsRecordedAndCloses(t *testing.T) {
	f := newFixture(t, nil)
	f.north.Switch(governance.RoomOpen, false)
	wantErr(t, "Do", f.do(governance.RoomOpen, "room-1"), fault.Denied, "room.open", "north")
	wantErr(t, "Do(key.release)", f.do(governance.KeyRelease, "x"), fault.Invalid, "not open")
	f.must(governance.RoomClose, "room-1")
	if got := strings.Join(said(t, f.south), ", "); got != "room.open refused, room.close intent, room.close done" {
		t.Errorf("records = %s", got)
	}
}

func TestDoubtsAreNos(t *testing.T) {
	hang := func(context.Context, string, governance.Request, governance.Phase) error {
		select {} // does not even look at its context
	}
	only := func(method string, err error) func(context.Context, string, governance.Request, governance.Phase) error {
		return func(_ context.Context, m string, r governance.Request, _ governance.Phase) error {
			if m == method && r.Operation == governance.RoomOpen {
				return err
			}
			return nil
		}
	}
	for name, tc := range map[string]struct {
		change func(*fixture)
		kind   fault.Kind
		words  []string
	}{
		"an unsigned yes, where a key is pinned": {func(f *fixture) { f.south.Unsigned = true }, fault.Denied, []string{"south", "carries no signed document"}},
		"a yes signed by another key":            {func(f *fixture) { pin(f.cfg.Consent, "south", f.north.Key()) }, fault.Denied, []string{"no consent from south", "not signed by the pinned key"}},
		"an endpoint that is away":               {func(f *fixture) { f.south.Before = only("consent", fault.New(fault.Unavailable, "dial", "refused")) }, fault.Unavailable, []string{"room.open", "south"}},
		"an endpoint with a defect":              {func(f *fixture) { f.south.Before = only("consent", errors.New("boom")) }, fault.Denied, []string{"south"}},
		"an endpoint that hangs": {func(f *fixture) {
			f.south.Before = hang
			for i := range f.cfg.Consent {
				f.cfg.Consent[i].Timeout = time.Second
			}
			for i := range f.cfg.Audit { // its refusal cannot be recorded at south either
				f.cfg.Audit[i].Timeout = time.Second
			}
		}, fault.Unavailable, []string{"no consent from south", "no answer within 1s"}},
		"nobody to ask": {func(f *fixture) {
			for i := range f.cfg.Consent {
				f.cfg.Consent[i].Operations = []string{governance.KeyRelease}
			}
		}, fault.Denied, []string{"room.open", "nobody to ask"}},
		"an audit endpoint that is away": {func(f *fixture) { f.south.Before = only("record", fault.New(fault.Unavailable, "dial", "refused")) }, fault.Unavailable, []string{"room.open", "not recorded by south"}},
		"an audit endpoint that refuses": {func(f *fixture) {
			f.south.Before = only("record", fault.New(fault.Denied, "http", "got 202, want 201"))
		}, fault.Denied, []string{"south", "got 202, want 201"}},
		"a receipt signed by another key": {func(f *fixture) { pinAudit(f.cfg.Audit, "south", f.north.Key()) }, fault.Denied, []string{"not recorded by south", "not signed"}},
		"a no outweighs a missing answer": {func(f *fixture) {
			f.north.Before = only("consent", fault.New(fault.Unavailable, "dial", "refused"))
			f.south.Switch(governance.RoomOpen, false)
		}, fault.Denied, []string{"south"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.change)
			ran := false
			err := f.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "room-1"}, func(context.Context, permit.Permit) error {
				ran = true
				return nil
			})
			wantErr(t, "Do", err, tc.kind, tc.words...)
			if ran {
				t.Errorf("the operation ran")
			}
		})
	}
}

func pin(list []governance.Consenter, name string, key ed25519.PublicKey) {
	for i := range list {
		if list[i].Name == name {
			list[i].AnswerKey = key
		}
	}
}

func pinAudit(list []governance.Recorder, name string, key ed25519.PublicKey) {
	for i := range list {
		if list[i].Name == name {
			list[i].AnswerKey = key
		}
	}
}

func TestUnsignedAnswersAreSaidToBe(t *testing.T) {
	f := newFixture(t, func(f *fixture) {
		f.south.Unsigned = true
		pin(f.cfg.Consent, "south", nil)
		pinAudit(f.cfg.Audit, "south", nil)
	})
	f.must(governance.RoomOpen, "room-1")
	d := event(t, f.north, 0).Details
	if d["consent.signed"] != "north" || d["consent.unsigned"] != "south" || d["audit.unsigned"] != "south" {
		t.Errorf("details = %v", d)
	}
}

func TestAFailedOperationIsRecordedByItsKindAlone(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	cause := fault.New(fault.Tampered, "volume.read", "patient 4711 is here")
	err := f.gate.Do(t.Context(), governance.Request{Operation: governance.DataPresent, Subject: "north"}, func(context.Context, permit.Permit) error { return cause })
	if !errors.Is(err, cause) {
		t.Errorf("Do = %v, want the operation's own error", err)
	}
	e := event(t, f.north, -1)
	if e.Phase != governance.Failed || e.Details["kind"] != "tampered" || e.Details["op"] != "volume.read" || len(e.Details) != 2 {
		t.Errorf("outcome = %+v", e)
	}
}

func TestTheOutcomeIsRecordedAlsoWhenTheContextHasEnded(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	ctx, cancel := context.WithCancel(t.Context())
	err := f.gate.Do(ctx, governance.Request{Operation: governance.AppExecute, Subject: "app"}, func(ctx context.Context, _ permit.Permit) error {
		cancel()
		return ctx.Err()
	})
	wantErr(t, "Do", err, fault.Interrupted)
	if got := event(t, f.south, -1); got.Phase != governance.Failed || got.Details["kind"] != "interrupted" {
		t.Errorf("outcome = %+v", got)
	}
}

func TestAnOutcomeThatIsNotRecordedStopsTheRoom(t *testing.T) {
	down := true
	var mu sync.Mutex
	f := newFixture(t, func(f *fixture) {
		f.south.Before = func(_ context.Context, method string, _ governance.Request, p governance.Phase) error {
			mu.Lock()
			defer mu.Unlock()
			if down && method == "record" && p == governance.Done {
				return fault.New(fault.Unavailable, "dial", "refused")
			}
			return nil
		}
	})
	wantErr(t, "Do", f.do(governance.RoomOpen, "room-1"), fault.Unavailable, "done of room-1 is not recorded by south")
	mu.Lock()
	down = false
	mu.Unlock()
	f.must(governance.RoomClose, "room-1")
	if err := governance.VerifyTrail(f.south.Events("room-1"), public(f.key), contract); err != nil {
		t.Errorf("what south missed was not brought to it: %v", err)
	}
}

func TestAnIntentThatIsNotRecordedEverywhereHasAnOutcome(t *testing.T) {
	f := newFixture(t, func(f *fixture) {
		f.south.Before = func(_ context.Context, method string, r governance.Request, p governance.Phase) error {
			if method == "record" && r.Operation == governance.KeyRelease && p == governance.Intent {
				return fault.New(fault.Denied, "http", "got 500")
			}
			return nil
		}
	})
	f.must(governance.RoomOpen, "room-1")
	wantErr(t, "Do", f.do(governance.KeyRelease, "k"), fault.Denied, "south")
	if got := event(t, f.north, -1); got.Phase != governance.Failed || got.Operation != governance.KeyRelease || got.Details["endpoint"] != "south" {
		t.Errorf("north's last record = %+v", got)
	}
}

func TestConcurrentOperationsMakeOneChain(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := f.do(governance.KeyRelease, "k"); err != nil {
				t.Errorf("Do = %v", err)
			}
		})
	}
	wg.Wait()
	f.must(governance.RoomClose, "room-1")
	if err := governance.VerifyTrail(f.north.Events("room-1"), public(f.key), contract); err != nil {
		t.Errorf("VerifyTrail = %v", err)
	}
}

func TestCloseWaitsForOperationsUnderWay(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	inside, leave, closed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_ = f.gate.Do(t.Context(), governance.Request{Operation: governance.AppExecute, Subject: "app"}, func(context.Context, permit.Permit) error {
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	short, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "Do(room.close, ended)", f.gate.Do(short, governance.Request{Operation: governance.RoomClose, Subject: "room-1"}, func(context.Context, permit.Permit) error { return nil }), fault.Unavailable, "under way")
	go func() { closed <- f.do(governance.RoomClose, "room-1") }()
	wantErr(t, "Do(key.release) in a closing room", f.do(governance.KeyRelease, "k"), fault.Denied, "room closes")
	close(leave)
	if err := <-closed; err != nil {
		t.Errorf("Do(room.close) = %v", err)
	}
	if err := governance.VerifyTrail(f.north.Events("room-1"), public(f.key), contract); err != nil {
		t.Errorf("VerifyTrail = %v of %q", err, said(t, f.north))
	}
}

func TestAskAllowsNothingAndRecordsARefusal(t *testing.T) {
	f := newFixture(t, nil)
	f.must(governance.RoomOpen, "room-1")
	both := []governance.Request{{Operation: governance.DataPresent, Subject: "a"}, {Operation: governance.OutputRelease, Subject: "b"}}
	if err := f.gate.Ask(t.Context(), both...); err != nil || len(f.north.Events("room-1")) != 2 {
		t.Errorf("Ask = %v, records %q", err, said(t, f.north))
	}
	f.south.Switch(governance.OutputRelease, false)
	wantErr(t, "Ask", f.gate.Ask(t.Context(), both...), fault.Denied, "output.release: no consent from south for b")
	if got := event(t, f.north, -1); got.Phase != governance.Refused || got.Subject != "b" {
		t.Errorf("last record = %+v", got)
	}
	wantErr(t, "Ask for nothing known", f.gate.Ask(t.Context(), governance.Request{}), fault.Invalid)
	wantErr(t, "Do", f.do(governance.OutputRelease, "b"), fault.Denied, "south")
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*governance.Config){
		"no contract":               func(c *governance.Config) { c.Contract = digest.SHA256{} },
		"no room":                   func(c *governance.Config) { c.Room = "" },
		"no key":                    func(c *governance.Config) { c.Key = nil },
		"nobody to ask":             func(c *governance.Config) { c.Consent = nil },
		"nobody to keep the record": func(c *governance.Config) { c.Audit = nil },
		"no timeout":                func(c *governance.Config) { c.Audit[0].Timeout = 0 },
		"no client":                 func(c *governance.Config) { c.Consent[0].Client = nil },
		"a name twice":              func(c *governance.Config) { c.Consent[1].Name = c.Consent[0].Name },
		"no operations":             func(c *governance.Config) { c.Consent[0].Operations = nil },
		"an unknown operation":      func(c *governance.Config) { c.Consent[0].Operations = []string{"room.paint"} },
		"consent to closing":        func(c *governance.Config) { c.Consent[0].Operations = []string{governance.RoomClose} },
		"half an answer key":        func(c *governance.Config) { c.Audit[0].AnswerKey = c.Audit[0].AnswerKey[:16] },
		"evidence that cannot fit":  func(c *governance.Config) { c.Evidence = make([]byte, 16<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := newFixture(t, nil).cfg
			change(&cfg)
			if g, err := governance.New(cfg); err == nil || fault.KindOf(err) != fault.Invalid || g != nil {
				t.Errorf("New = %v, %v, want Invalid", g, err)
			}
		})
	}
}

func TestRequestsAreChecked(t *testing.T) {
	f := newFixture(t, nil)
	nothing := func(context.Context, permit.Permit) error { return nil }
	for name, r := range map[string]governance.Request{
		"the zero value":         {},
		"an unknown operation":   {Operation: "room.paint", Subject: "s"},
		"no subject":             {Operation: governance.RoomOpen},
		"a detail of the gate's": {Operation: governance.RoomOpen, Subject: "s", Details: map[string]string{"consent.signed": "all"}},
	} {
		wantErr(t, name, f.gate.Do(t.Context(), r, nothing), fault.Invalid)
	}
	wantErr(t, "nothing to do", f.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "s"}, nil), fault.Invalid)
	if len(f.north.Events("room-1")) != 0 {
		t.Errorf("a malformed request was recorded")
	}
}

func TestAMalformedOutcomeIsStillAnOutcome(t *testing.T) {
	f := newFixture(t, nil)
	err := f.gate.Do(t.Context(), governance.Request{Operation: governance.RoomOpen, Subject: "s", Outcome: func() map[string]string {
		return map[string]string{"a": "\x00"}
	}}, func(context.Context, permit.Permit) error { return nil })
	if err != nil || event(t, f.north, -1).Details["audit.details"] != "malformed" {
		t.Errorf("Do = %v, outcome %+v", err, event(t, f.north, -1))
	}
}

func TestKit(t *testing.T) {
	for name, test := range governancetest.Kit() {
		t.Run(name, func(t *testing.T) {
			b := governancetest.New()
			test(t, governancetest.Subject{Client: b, Key: b.Key(), Contract: contract, Switch: func(op string, on bool) error {
				b.Switch(op, on)
				return nil
			}})
		})
	}
}

func BenchmarkDo(b *testing.B) {
	f := newFixture(b, nil)
	f.must(governance.RoomOpen, "room-1")
	for b.Loop() {
		if err := f.do(governance.KeyRelease, "k"); err != nil {
			b.Fatal(err)
		}
	}
}
