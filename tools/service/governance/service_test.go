package governance_test

import (
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/governance/governancetest"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// world is a service on loopback with two parties.
type world struct {
	t            *testing.T
	dir          string
	north, south client.Party
	c            *client.Client
	info         api.Info
	stop         func()
}

func newParty(t testing.TB, name string) client.Party {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return client.Party{Name: name, Key: key}
}

func register(parties ...client.Party) (out []api.Party) {
	for _, p := range parties {
		out = append(out, api.Party{Name: p.Name, Key: p.Key.Public().(ed25519.PublicKey)})
	}
	return out
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "service"), north: newParty(t, "north"), south: newParty(t, "south")}
	if err := governance.Init(w.dir, register(w.north, w.south)); err != nil {
		t.Fatalf("Init = %v", err)
	}
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	s, err := governance.Open(w.t.Context(), w.dir, nil)
	if err != nil {
		w.t.Fatalf("Open = %v", err)
	}
	l, err := governance.Listen("127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- governance.Serve(ctx, l, s, nil) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		w.c.Close()
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Serve = %v", err)
		}
	}
	w.t.Cleanup(w.stop)
	if w.c, err = client.New(governance.Address(l, false), client.Options{Key: w.info.Key}); err != nil {
		w.t.Fatal(err)
	}
	if w.info, err = w.c.Info(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) must(what string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s = %v", what, err)
	}
}

func (w *world) propose(text string) digest.SHA256 {
	w.t.Helper()
	d, err := w.c.Propose(w.t.Context(), w.north, []byte(`{"name":"`+text+`"}`), []byte("package policy"))
	w.must("Propose", err)
	return d
}

func (w *world) agree(d digest.SHA256) {
	w.t.Helper()
	for _, p := range []client.Party{w.north, w.south} {
		w.must("Vote", w.c.Vote(w.t.Context(), p, d, true))
	}
}

func (w *world) switchAll(d digest.SHA256, on bool, operations ...string) error {
	for _, p := range []client.Party{w.north, w.south} {
		if err := w.c.Switch(w.t.Context(), p, d, on, operations...); err != nil {
			return err
		}
	}
	return nil
}

func wantKind(t testing.TB, call string, err error, kind fault.Kind, words ...string) {
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

func (w *world) decision(d digest.SHA256, operation string) (bool, string) {
	w.t.Helper()
	r, err := w.c.Consent(w.t.Context(), &governancev1.ConsentRequest{
		Operation: operation, Subject: "s", Contract: d.Bytes(), Room: "r", RoomKey: make([]byte, 32), Nonce: make([]byte, core.NonceSize),
	})
	w.must("Consent", err)
	return r.GetDecision() == governancev1.Decision_DECISION_GRANTED, r.GetReason()
}

// TestKit: the service keeps the rules that its fake keeps, over HTTP.
func TestKit(t *testing.T) {
	w := newWorld(t)
	d := w.propose("kit")
	w.agree(d)
	for name, test := range governancetest.Kit() {
		t.Run(name, func(t *testing.T) {
			test(t, governancetest.Subject{Client: w.c, Key: w.info.Key, Contract: d, Switch: func(op string, on bool) error { return w.switchAll(d, on, op) }})
		})
	}
}

func TestConsentNeedsEveryVoteAndEverySwitch(t *testing.T) {
	w := newWorld(t)
	no := func(d digest.SHA256, reason string) {
		t.Helper()
		if ok, got := w.decision(d, core.DataPresent); ok || !strings.Contains(got, reason) {
			t.Errorf("decision = %v, %q, want no: %s", ok, got, reason)
		}
	}
	no(digest.Of(nil), "not known")
	d := w.propose("a")
	no(d, "north has not agreed")
	w.must("Vote", w.c.Vote(t.Context(), w.north, d, true))
	no(d, "south has not agreed")
	w.must("Vote", w.c.Vote(t.Context(), w.south, d, true))
	no(d, "consent of north is switched off")
	w.must("Switch", w.c.Switch(t.Context(), w.north, d, true, core.DataPresent, core.RoomOpen))
	no(d, "consent of south is switched off")
	w.must("Switch", w.c.Switch(t.Context(), w.south, d, true, core.DataPresent))
	if ok, reason := w.decision(d, core.DataPresent); !ok {
		t.Errorf("decision = no, %s, want yes", reason)
	}
	if ok, _ := w.decision(d, core.RoomOpen); ok {
		t.Errorf("a switch for one operation is consent to another")
	}
	other := w.propose("b")
	no(other, "north has not agreed")
	w.must("Vote", w.c.Vote(t.Context(), w.south, d, false))
	no(d, "south has not agreed")

	c, err := w.c.Contract(t.Context(), d)
	if err != nil || c.Agreed || !c.Votes["north"] || c.Votes["south"] || len(c.Switches["north"]) != 2 {
		t.Errorf("Contract = %+v, %v", c, err)
	}
	acts, err := w.c.Acts(t.Context(), d)
	if err != nil || len(acts) != 6 {
		t.Errorf("Acts = %d, %v, want 6", len(acts), err)
	}
	text, err := w.c.Document(t.Context(), c.Specification)
	if err != nil || string(text) != `{"name":"a"}` {
		t.Errorf("Document = %q, %v", text, err)
	}
	all, err := w.c.Contracts(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("Contracts = %d, %v, want 2", len(all), err)
	}
	_, err = w.c.Contract(t.Context(), digest.Of(nil))
	wantKind(t, "Contract(unknown)", err, fault.NotFound)
	_, err = w.c.Document(t.Context(), digest.Of(nil))
	wantKind(t, "Document(unknown)", err, fault.NotFound)
}

func TestActsAreRefused(t *testing.T) {
	w := newWorld(t)
	d := w.propose("a")
	s, err := governance.Open(t.Context(), w.dir, nil)
	wantKind(t, "Open of a running service's folder", err, fault.Unavailable, "another service")
	if s != nil {
		t.Fatal("two services on one folder")
	}
	wantKind(t, "a stranger's vote", w.c.Vote(t.Context(), newParty(t, "east"), d, true), fault.Denied, "not a party")
	wantKind(t, "a vote with another's key", w.c.Vote(t.Context(), client.Party{Name: "south", Key: w.north.Key}, d, true), fault.Denied, "not signed by south")
	wantKind(t, "a vote about nothing", w.c.Vote(t.Context(), w.north, digest.Of(nil), true), fault.NotFound)
	wantKind(t, "a switch of room.close", w.c.Switch(t.Context(), w.north, d, false, core.RoomClose), fault.Invalid)
	_, err = w.c.Propose(t.Context(), w.south, []byte(`{"name":"a"}`), []byte("package policy"))
	wantKind(t, "a second proposal", err, fault.Denied, "proposed already")

	w.stop()
	if s, err = governance.Open(t.Context(), w.dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	send := func(a api.Act, sub api.Submission, key ed25519.PrivateKey) error {
		if a.Service == nil {
			a.Service = w.info.Key
		}
		signed, err := a.Sign(key)
		w.must("Sign", err)
		sub.Act = signed
		_, err = s.Act(t.Context(), sub)
		return err
	}
	vote := api.Act{Kind: api.Vote, Party: "north", Contract: d, Counter: 2, Yes: true}
	if err := send(vote, api.Submission{}, w.north.Key); err != nil {
		t.Fatalf("Act = %v", err)
	}
	wantKind(t, "a replayed act", send(vote, api.Submission{}, w.north.Key), fault.Denied, "counter")
	vote.Counter, vote.Service = 3, make([]byte, 32)
	wantKind(t, "an act for another service", send(vote, api.Submission{}, w.north.Key), fault.Denied, "another service")
	vote.Service = nil
	wantKind(t, "documents with a vote", send(vote, api.Submission{Policy: []byte("x")}, w.north.Key), fault.Invalid)

	spec, policy := []byte(`{"name":"c"}`), []byte("package policy")
	p := api.Act{Kind: api.Propose, Party: "north", Counter: 3, Contract: contractOf(t, spec, policy), Specification: digest.Of(spec), Policy: digest.Of(policy)}
	wantKind(t, "another specification", send(p, api.Submission{Specification: []byte("x"), Policy: policy}, w.north.Key), fault.Tampered, "specification")
	wantKind(t, "another policy", send(p, api.Submission{Specification: spec, Policy: []byte("x")}, w.north.Key), fault.Tampered, "policy")
	p.Contract = d
	if _, err := p.Sign(w.north.Key); err == nil {
		t.Errorf("Sign of a proposal under another contract's digest passes")
	}
}

func contractOf(t testing.TB, spec, policy []byte) digest.SHA256 {
	t.Helper()
	// As the contract's own definition says; see core/spec.
	return digest.Of([]byte(`{"policy":"` + digest.Of(policy).String() + `","specification":"` + digest.Of(spec).String() + `"}`))
}

// play runs a small room against the service and returns its events' key.
func (w *world) play(d digest.SHA256, room string) ed25519.PublicKey {
	w.t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	w.must("GenerateKey", err)
	g, err := core.New(core.Config{
		Contract: d, Room: room, Key: key,
		Consent: []core.Consenter{{Name: "ledger", Operations: []string{core.RoomOpen, core.DataPresent}, Timeout: 60e9, Client: w.c, AnswerKey: w.info.Key}},
		Audit:   []core.Recorder{{Name: "ledger", Timeout: 60e9, Client: w.c, AnswerKey: w.info.Key}},
	})
	w.must("New", err)
	for _, op := range []string{core.RoomOpen, core.DataPresent, core.RoomClose} {
		w.must("Do", g.Do(w.t.Context(), core.Request{Operation: op, Subject: "s"}, func(context.Context, permit.Permit) error { return nil }))
	}
	return key.Public().(ed25519.PublicKey)
}

func (w *world) verify(room string, key ed25519.PublicKey, d digest.SHA256) {
	w.t.Helper()
	trail, err := w.c.Events(w.t.Context(), room, key)
	w.must("Events", err)
	w.must("VerifyTrail", core.VerifyTrail(client.Signed(trail), key, d))
	for _, e := range trail.Events {
		if _, err := core.VerifyReceipt(e.Event, e.Receipt.Receipt, e.Receipt.Signature, w.info.Key); err != nil {
			w.t.Errorf("VerifyReceipt = %v", err)
		}
	}
}

func TestRoomsKeepTheirTrails(t *testing.T) {
	w := newWorld(t)
	d := w.propose("a")
	w.agree(d)
	w.must("Switch", w.switchAll(d, true, core.RoomOpen, core.DataPresent))
	one, two := w.play(d, "room-1"), w.play(d, "room-2")
	again := w.play(d, "room-1") // another room of the same name
	w.verify("room-1", one, d)
	w.verify("room-1", again, d)
	w.verify("room-2", two, d)
	_, err := w.c.Events(t.Context(), "room-1", nil)
	wantKind(t, "Events of two rooms", err, fault.Invalid, "say the key")
	_, err = w.c.Events(t.Context(), "room-3", nil)
	wantKind(t, "Events of no room", err, fault.NotFound)
	rooms, err := w.c.Rooms(t.Context())
	if err != nil || len(rooms) != 3 || !rooms[0].Closed || rooms[0].Events != 6 {
		t.Errorf("Rooms = %+v, %v", rooms, err)
	}
}

func TestEventsOfAnUnknownContractAreRefused(t *testing.T) {
	w := newWorld(t)
	_, key, err := ed25519.GenerateKey(nil)
	w.must("GenerateKey", err)
	e, err := core.Event{Contract: digest.Of(nil), Room: "r", Seq: 1, Phase: core.Intent, Operation: core.RoomOpen, Subject: "s"}.Sign(key)
	w.must("Sign", err)
	_, err = w.c.Record(t.Context(), &governancev1.RecordRequest{Event: e.Event, Signature: e.Signature, RoomKey: key.Public().(ed25519.PublicKey)})
	wantKind(t, "Record", err, fault.NotFound)
}

// A service that does not know what its log holds, or has ended, gives no consent.
func TestABrokenServiceAnswersNothing(t *testing.T) {
	w := newWorld(t)
	w.stop()
	s, err := governance.Open(t.Context(), w.dir, nil)
	w.must("Open", err)
	w.must("Close", s.Close(context.Background()))
	a, err := s.Consent(t.Context(), &governancev1.ConsentRequest{Operation: core.RoomOpen, Subject: "s", Contract: digest.Of(nil).Bytes(), Room: "r", RoomKey: make([]byte, 32), Nonce: make([]byte, 32)})
	if fault.KindOf(err) != fault.Unavailable || a != nil {
		t.Errorf("Consent = %v, %v, want Unavailable", a, err)
	}
}

func TestARestartForgetsNothing(t *testing.T) {
	w := newWorld(t)
	d := w.propose("a")
	w.agree(d)
	w.must("Switch", w.switchAll(d, true, core.RoomOpen, core.DataPresent))
	key := w.play(d, "room-1")
	before, err := w.c.Contract(t.Context(), d)
	w.must("Contract", err)
	trail, err := w.c.Events(t.Context(), "room-1", key)
	w.must("Events", err)
	w.stop()
	w.start() // the client pins the key that the service had
	after, err := w.c.Contract(t.Context(), d)
	if err != nil || !after.Agreed || after.ProposedBy != before.ProposedBy || len(after.Switches["south"]) != 2 {
		t.Errorf("Contract = %+v, %v, want %+v", after, err, before)
	}
	w.verify("room-1", key, d)
	again, err := w.c.Events(t.Context(), "room-1", key)
	w.must("Events", err)
	if string(again.Events[5].Receipt.Receipt) != string(trail.Events[5].Receipt.Receipt) {
		t.Errorf("a receipt changed: %s, was %s", again.Events[5].Receipt.Receipt, trail.Events[5].Receipt.Receipt)
	}
	w.must("Vote", w.c.Vote(t.Context(), w.north, d, false)) // counters are kept: else this is a replay
}

func TestManyEntriesReplay(t *testing.T) {
	w := newWorld(t)
	d := w.propose("a")
	for i := range 300 { // more than one bundle of 256
		w.must("Switch", w.c.Switch(t.Context(), w.north, d, i%2 == 0, core.DataPresent))
	}
	w.stop()
	w.start()
	if w.info.Counters["north"] != 301 {
		t.Errorf("counter = %d, want 301", w.info.Counters["north"])
	}
}

func TestAChangedLogIsNoticed(t *testing.T) {
	w := newWorld(t)
	d := w.propose("a")
	w.must("Vote", w.c.Vote(t.Context(), w.north, d, false))
	w.stop()
	changed := 0
	for _, glob := range []string{"log/tile/entries/*/*", "log/tile/entries/*"} {
		names, err := filepath.Glob(filepath.Join(w.dir, glob))
		w.must("Glob", err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				continue // a folder
			}
			i := strings.Index(string(b), `"time":1`)
			if i < 0 {
				t.Fatalf("%s has no time", name)
			}
			b[i+len(`"time":`)+1] ^= 1 // the time is not signed by a party: only the log's hashes notice
			w.must("WriteFile", os.WriteFile(name, b, 0o600))
			changed++
		}
	}
	if changed == 0 {
		t.Fatal("found no entries to change")
	}
	_, err := governance.Open(t.Context(), w.dir, nil)
	wantKind(t, "Open", err, fault.Tampered, "entry 0")
}

func TestInitIsForOnce(t *testing.T) {
	w := newWorld(t)
	if err := governance.Init(w.dir, register(w.south, w.north)); err != nil {
		t.Errorf("Init with the same parties = %v", err)
	}
	wantKind(t, "Init with others", governance.Init(w.dir, register(w.north)), fault.Invalid, "other parties")
	for name, parties := range map[string][]api.Party{
		"nobody":         nil,
		"a name twice":   {{Name: "a", Key: make([]byte, 32)}, {Name: "a", Key: w.info.Key}},
		"a key twice":    {{Name: "a", Key: w.info.Key}, {Name: "b", Key: w.info.Key}},
		"half a key":     {{Name: "a", Key: w.info.Key[:16]}},
		"no proper name": {{Name: "A b", Key: w.info.Key}},
	} {
		wantKind(t, name, governance.Init(t.TempDir(), parties), fault.Invalid)
	}
	_, err := governance.Open(t.Context(), t.TempDir(), nil)
	wantKind(t, "Open of an empty folder", err, fault.NotFound)
}
