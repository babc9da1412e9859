package broker_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
)

var (
	hostData = digest.Of([]byte("policy"))
	contract = digest.Of([]byte("contract"))
	hpkeKey  = sync.OnceValue(func() keyrelease.WrapKey { return made(keyrelease.NewHPKE()) })
	rsaKey   = sync.OnceValue(func() keyrelease.WrapKey { return made(keyrelease.NewRSA()) })
	device   = sync.OnceValue(func() *sim.Device {
		d, err := sim.NewDevice(hostData)
		if err != nil {
			panic(err)
		}
		return d
	})
	kekBytes = []byte("the KEK of this test, 32 bytes..")
)

func policy() broker.Policy {
	return broker.Policy{HostData: hostData, Platform: "simulated", Contract: contract, MinimumTCB: sim.Floor}
}

// fixture is a broker with one key, and a room on its device.
type fixture struct {
	b          *broker.Broker
	device     *sim.Device
	answerKey  ed25519.PublicKey
	log        *bytes.Buffer
	recordPath string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{device: device(), log: new(bytes.Buffer), recordPath: filepath.Join(t.TempDir(), "decisions.jsonl")}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.answerKey = pub
	record, err := broker.OpenRecord(f.recordPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { record.Close() })
	f.b, err = broker.New(broker.Config{Platform: "simulated", Verify: sim.Verify(f.device.Root()), SignKey: priv,
		Record: record, Log: slog.New(slog.NewJSONHandler(f.log, nil)), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.b.Close)
	if err := f.b.Import("kek-1", newKEK(t), policy()); err != nil {
		t.Fatal(err)
	}
	return f
}

func newKEK(t *testing.T) *secret.Bytes {
	t.Helper()
	s, err := secret.New(bytes.Clone(kekBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// question is a well-formed one, before a test spoils it.
func made(k keyrelease.WrapKey, err error) keyrelease.WrapKey {
	if err != nil {
		panic(err)
	}
	return k
}

type question struct {
	wrap              keyrelease.WrapKey
	key               string
	contract          digest.SHA256
	host              digest.SHA256
	evidence, runtime []byte
	nonce             []byte
}

func (f *fixture) ask(t *testing.T, spoil func(q *question)) question {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	q := question{wrap: hpkeKey(), key: "kek-1", contract: contract, host: hostData, nonce: make([]byte, 32)}
	for range 2 { // once to choose contract and host data, once for the bytes made of them
		if spoil != nil {
			spoil(&q)
		}
		if q.evidence != nil {
			break
		}
		q.runtime, err = attest.RuntimeData{Keys: []attest.JWK{attest.WrapKey(q.wrap.Public()), attest.Ed25519Key(pub)}, Contract: q.contract, Room: "room-1"}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		guest, err := f.device.WithHostData(q.host)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := guest.Attest(t.Context(), attest.ReportData(q.runtime))
		if err != nil {
			t.Fatal(err)
		}
		if q.evidence, err = ev.Marshal(); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func TestRelease(t *testing.T) {
	other := digest.Of([]byte("other"))
	foreign, err := sim.NewDevice(hostData)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		spoil   func(q *question)
		wantErr string
		kind    fault.Kind
	}{
		"a room under the agreed policy":  {},
		"another policy is refused":       {func(q *question) { q.host = other }, "host data: " + other.Hex() + ", want " + hostData.Hex(), fault.Unattested},
		"another contract is refused":     {func(q *question) { q.contract = other }, "contract: the room runs " + other.String(), fault.Unattested},
		"an unknown key is refused":       {func(q *question) { q.key = "kek-2" }, "key kek-2: keys: not here", fault.NotFound},
		"a short nonce is refused":        {func(q *question) { q.nonce = q.nonce[:16] }, "nonce: 16 bytes", fault.Invalid},
		"changed runtime data is refused": {func(q *question) { q.runtime = bytes.ReplaceAll(q.runtime, []byte("room-1"), []byte("room-2")) }, "report data:", fault.Unattested},
		"no runtime data is refused":      {func(q *question) { q.runtime = spoilIf(q, nil) }, "runtime data", fault.Invalid},
		"evidence that is no JSON":        {func(q *question) { q.evidence = spoilIf(q, []byte("{")) }, "ends too early", fault.Unattested},
		"evidence called hardware":        {func(q *question) { q.evidence = bytes.Replace(q.evidence, []byte(`"simulated"`), []byte(`"snp"`), 1) }, "platform: evidence is snp", fault.Unattested},
		"evidence of another chip's root": {func(q *question) { q.evidence = by(t, foreign, q) }, "chain:", fault.Unattested},
		"evidence with a changed signature": {func(q *question) {
			q.evidence = bytes.Replace(q.evidence, []byte("AAAAAAAAAAAAAAAA"), []byte("AAAAAAAABAAAAAAA"), 1)
		}, "report:", fault.Unattested},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			q := f.ask(t, tc.spoil)
			answer, sig, err := f.b.Release(t.Context(), q.key, q.evidence, q.runtime, q.nonce)
			if tc.wantErr != "" {
				if answer != nil || err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != tc.kind {
					t.Errorf("Release = %v (%v), want %q (%v)", err, fault.KindOf(err), tc.wantErr, tc.kind)
				}
				record, rerr := os.ReadFile(f.recordPath)
				if rerr != nil || !strings.Contains(string(record), `"result":"`+tc.kind.String()+`"`) {
					t.Errorf("the refusal is not on record: %s, %v", record, rerr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var a keyrelease.Answer
			if err := canonical.Unmarshal(answer, &a); err != nil || len(sig) != ed25519.SignatureSize {
				t.Fatalf("answer %s, %v", answer, err)
			}
		})
	}
}

// spoilIf puts b in place once there is evidence to spoil.
func spoilIf(q *question, b []byte) []byte {
	if q.evidence == nil {
		return nil
	}
	return b
}

func by(t *testing.T, d *sim.Device, q *question) []byte {
	if q.evidence == nil {
		return nil
	}
	ev, err := d.Attest(t.Context(), attest.ReportData(q.runtime))
	if err != nil {
		t.Fatal(err)
	}
	b, err := ev.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoomFetchesItsKeyAndNobodySeesIt(t *testing.T) {
	for name, wrap := range map[string]func() keyrelease.WrapKey{"hpke": hpkeKey, "rsa-aes": rsaKey} {
		t.Run(name, func(t *testing.T) { fetches(t, wrap()) })
	}
}

func fetches(t *testing.T, wrap keyrelease.WrapKey) {
	f := newFixture(t)
	q := f.ask(t, func(q *question) { q.wrap = wrap })
	p, end := permit.Issue("key.release", "north")
	defer end()
	kek, err := keyrelease.Fetch(t.Context(), p, f.b, keyrelease.Request{Source: "north", Key: "kek-1", AnswerKey: f.answerKey,
		Evidence: q.evidence, RuntimeData: q.runtime, WrapKey: wrap, Platform: "simulated"})
	if err != nil {
		t.Fatal(err)
	}
	defer kek.Destroy()
	if err := kek.Use(func(b []byte) error {
		if !bytes.Equal(b, kekBytes) {
			t.Error("another key came out")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	record, err := os.ReadFile(f.recordPath)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(record), `"room":"room-1"`) || !strings.Contains(string(record), `"result":"released"`) {
		t.Errorf("record says %s", record)
	}
	if bytes.Contains(record, kekBytes[:8]) || bytes.Contains(f.log.Bytes(), kekBytes[:8]) {
		t.Error("the key is in the record or the log")
	}
}

func TestNoRecordNoRelease(t *testing.T) {
	f := newFixture(t)
	record, err := broker.OpenRecord(filepath.Join(t.TempDir(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	record.Close()
	f.b.Record = record
	q := f.ask(t, nil)
	answer, _, err := f.b.Release(t.Context(), q.key, q.evidence, q.runtime, q.nonce)
	if answer != nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Release without a record = %s, %v", answer, err)
	}
}

func TestImportRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		id      string
		edit    func(p *broker.Policy)
		size    int
		wantErr string
		kind    fault.Kind
	}{
		"an id twice":             {"kek-1", nil, 32, "is here already", fault.Denied},
		"an id that is a path":    {"../kek", nil, 32, "id: must be", fault.Invalid},
		"no id":                   {"", nil, 32, "id: must be", fault.Invalid},
		"a short key":             {"kek-2", nil, 16, "16 bytes, want 32", fault.Invalid},
		"no host data":            {"kek-2", func(p *broker.Policy) { p.HostData = digest.SHA256{} }, 32, "policy.hostData", fault.Invalid},
		"no contract":             {"kek-2", func(p *broker.Policy) { p.Contract = digest.SHA256{} }, 32, "policy.contract", fault.Invalid},
		"no TCB":                  {"kek-2", func(p *broker.Policy) { p.MinimumTCB = attest.TCB{} }, 32, "policy.minimumTCB", fault.Invalid},
		"no platform":             {"kek-2", func(p *broker.Policy) { p.Platform = "" }, 32, "policy.platform", fault.Invalid},
		"a hardware key":          {"kek-2", func(p *broker.Policy) { p.Platform = "snp" }, 32, "policy.platform", fault.Invalid},
		"an id longer than a log": {strings.Repeat("a", 129), nil, 32, "id: must be", fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := newFixture(t), policy()
			if tc.edit != nil {
				tc.edit(&p)
			}
			kek, err := secret.New(make([]byte, tc.size))
			if err != nil {
				t.Fatal(err)
			}
			err = f.b.Import(tc.id, kek, p)
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != tc.kind {
				t.Errorf("Import = %v (%v), want %q (%v)", err, fault.KindOf(err), tc.wantErr, tc.kind)
			}
			if kek.Len() != 0 {
				t.Error("the refused key still lives")
			}
		})
	}
}

func TestRemovedKeyIsGone(t *testing.T) {
	f := newFixture(t)
	if err := f.b.Remove("kek-1"); err != nil {
		t.Fatal(err)
	}
	q := f.ask(t, nil)
	if _, _, err := f.b.Release(t.Context(), q.key, q.evidence, q.runtime, q.nonce); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Release of a removed key = %v", err)
	}
	if err := f.b.Remove("kek-1"); fault.KindOf(err) != fault.NotFound || len(f.b.List()) != 0 {
		t.Errorf("Remove again = %v, %v", err, f.b.List())
	}
}

func TestNewRefusesHalfABroker(t *testing.T) {
	if _, err := broker.New(broker.Config{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("New of nothing = %v", err)
	}
}

func TestHTTP(t *testing.T) {
	f := newFixture(t)
	s := httptest.NewServer(f.b.Handler())
	defer s.Close()
	q := f.ask(t, nil)
	good, err := canonical.Marshal(broker.ReleaseRequest{Key: q.key, Evidence: q.evidence, RuntimeData: q.runtime, Nonce: q.nonce})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"a good question is answered":     {"POST", "/v1/release", string(good), 200, `"signature"`},
		"an unknown key is 404":           {"POST", "/v1/release", strings.Replace(string(good), "kek-1", "kek-9", 1), 404, `"kind":"not found"`},
		"broken evidence is 403":          {"POST", "/v1/release", strings.Replace(string(good), `"evidence":"ey`, `"evidence":"eA`, 1), 403, `"kind":"unattested"`},
		"half a question is 400":          {"POST", "/v1/release", string(good[:50]), 400, "ends too early"},
		"a question twice is 400":         {"POST", "/v1/release", string(good) + string(good), 400, "canonical"},
		"an unknown field is 400":         {"POST", "/v1/release", `{"x":1}`, 400, "unknown field"},
		"a body without end is 400":       {"POST", "/v1/release", strings.Repeat("a", 1<<20), 400, "more than"},
		"a GET is refused":                {"GET", "/v1/release", "", 405, ""},
		"rooms cannot list keys":          {"GET", "/v1/keys", "", 404, ""},
		"rooms cannot import":             {"PUT", "/v1/keys/kek-2", string(kekBytes), 404, ""},
		"rooms cannot remove":             {"DELETE", "/v1/keys/kek-1", "", 404, ""},
		"a path of dots finds nothing":    {"POST", "/v1/../v1/keys", "{}", 404, ""},
		"an encoded path finds nothing":   {"POST", "/v1%2frelease", string(good), 404, ""},
		"another version finds nothing":   {"POST", "/v2/release", string(good), 404, ""},
		"the root says nothing of itself": {"GET", "/", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, s.URL+tc.path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tc.status || !strings.Contains(string(b), tc.want) {
				t.Errorf("%s %s = %d %s, %v, want %d %s", tc.method, tc.path, resp.StatusCode, b, err, tc.status, tc.want)
			}
			if bytes.Contains(b, kekBytes[:8]) {
				t.Error("the key is in the answer")
			}
		})
	}
}
