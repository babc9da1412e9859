package attest_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-sev-guest/verify/testdata"
	"github.com/google/go-sev-guest/verify/trust"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestProductionTrustsAMDAndStillRefuses(t *testing.T) {
	vcek := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: testdata.VcekBytes})
	ev := attest.Evidence{Platform: "snp", Report: testdata.AttestationBytes, Chain: string(vcek) + string(trust.AskArkMilanVcekBytes)}
	host, err := digest.FromBytes(ev.Report[0xC0:0xE0])
	if err != nil {
		t.Fatal(err)
	}
	// A real chip signed this for a guest that may be debugged: AMD's chain and the
	// TCB pass, and the next link ends it.
	ex := attest.Expectations{HostData: host, RuntimeData: []byte("x"), MinimumTCB: attest.TCB{SNP: 5}}
	err = attest.Verify(ev, ex, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	if fault.KindOf(err) != fault.Unattested || !strings.Contains(err.Error(), "attest.verify: policy:") {
		t.Errorf("Verify(hardware) = %v, want policy", err)
	}
	if err := attest.Endorse(make([]byte, 48)); err == nil || err.Error() != "UVM endorsement: not verified" {
		t.Errorf("endorse = %v: production must not pass a measurement nobody verified", err)
	}
}

func TestVerifyRefusesEmptyExpectations(t *testing.T) {
	full := attest.Expectations{HostData: digest.Of(nil), RuntimeData: []byte("x"), MinimumTCB: attest.TCB{SNP: 1}}
	for name, edit := range map[string]func(ex *attest.Expectations){
		"all":          func(ex *attest.Expectations) { *ex = attest.Expectations{} },
		"host data":    func(ex *attest.Expectations) { ex.HostData = digest.SHA256{} },
		"runtime data": func(ex *attest.Expectations) { ex.RuntimeData = nil },
		"TCB":          func(ex *attest.Expectations) { ex.MinimumTCB = attest.TCB{} },
	} {
		t.Run(name, func(t *testing.T) {
			ex := full
			edit(&ex)
			err := attest.Verify(attest.Evidence{Platform: "snp"}, ex, time.Now())
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "no expectation of") {
				t.Errorf("Verify(%+v) = %v", ex, err)
			}
		})
	}
}

func TestHostData(t *testing.T) {
	ev := attest.Evidence{Report: make([]byte, 1184)}
	copy(ev.Report[0xC0:], digest.Of([]byte("policy")).Bytes())
	if d, err := ev.HostData(); err != nil || !d.Equal(digest.Of([]byte("policy"))) {
		t.Errorf("HostData = %v, %v", d, err)
	}
	ev.Report = ev.Report[:1183]
	if _, err := ev.HostData(); fault.KindOf(err) != fault.Unattested {
		t.Errorf("HostData of a short report = %v", err)
	}
}

func TestReportData(t *testing.T) {
	got, sum := attest.ReportData([]byte("abc")), sha256.Sum256([]byte("abc"))
	if !bytes.Equal(got[:32], sum[:]) || !bytes.Equal(got[32:], make([]byte, 32)) {
		t.Errorf("ReportData = %x", got)
	}
}

func TestParseEvidence(t *testing.T) {
	good, err := attest.Evidence{Platform: "simulated", Report: []byte{1, 2}, Chain: "x"}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ in, wantErr string }{
		"what Marshal wrote is read":  {string(good), ""},
		"trailing bytes are refused":  {string(good) + "\n", "canonical"},
		"unknown fields are refused":  {`{"chain":"x","platform":"snp","report":"AQI=","x":1}`, "unknown field"},
		"an unknown platform":         {`{"chain":"x","platform":"tdx","report":"AQI="}`, "platform"},
		"no platform is refused":      {`{"chain":"x","platform":"","report":"AQI="}`, "platform"},
		"a bomb is refused unread":    {strings.Repeat(" ", 1<<20), "more than"},
		"nothing is refused":          {"", "ends too early"},
		"a report that is no base64 ": {`{"chain":"x","platform":"snp","report":"?"}`, "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := attest.ParseEvidence([]byte(tc.in))
			if tc.wantErr == "" && err != nil || tc.wantErr != "" && (fault.KindOf(err) != fault.Unattested || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("ParseEvidence(%.60q) = %v, want %q", tc.in, err, tc.wantErr)
			}
		})
	}
}

// modulus is no real key's: only its size matters here.
func modulus(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.Add(n, big.NewInt(1))
}

func rsaKey(bits int) attest.JWK { return attest.WrapKey(&rsa.PublicKey{N: modulus(bits), E: 65537}) }

func runtimeData() attest.RuntimeData {
	return attest.RuntimeData{
		Keys:     []attest.JWK{rsaKey(3072), attest.Ed25519Key(make(ed25519.PublicKey, 32))},
		Contract: digest.Of(nil),
		Room:     "room-1",
	}
}

func TestRuntimeDataReadsWhatItWrote(t *testing.T) {
	b, err := runtimeData().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	d, err := attest.ParseRuntimeData(b)
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := d.WrapKey()
	if err != nil || !(&rsa.PublicKey{N: modulus(3072), E: 65537}).Equal(wrap) {
		t.Errorf("WrapKey = %v, %v", wrap, err)
	}
	event, err := d.EventKey()
	if err != nil || len(event) != 32 || d.Room != "room-1" || !d.Contract.Equal(digest.Of(nil)) {
		t.Errorf("EventKey = %v, %v of %+v", event, err, d)
	}
	if !strings.HasPrefix(string(b), `{"contract":"sha256:`) {
		t.Errorf("not canonical: %s", b)
	}
}

func x25519Key(t *testing.T) attest.JWK {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return attest.WrapKey(k.Public())
}

func TestAnX25519WrappingKeyIsReadBack(t *testing.T) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := runtimeData()
	d.Keys[0] = attest.WrapKey(k.Public())
	b, err := d.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if d, err = attest.ParseRuntimeData(b); err != nil {
		t.Fatal(err)
	}
	if got, err := d.WrapKey(); err != nil || !k.PublicKey().Equal(got) {
		t.Errorf("WrapKey = %v, %v", got, err)
	}
	p256, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := attest.WrapKey(p256.Public()); got != (attest.JWK{}) {
		t.Errorf("a P-256 key is %+v", got)
	}
}

func TestRuntimeDataRefuses(t *testing.T) {
	long := base64.RawURLEncoding.EncodeToString(append([]byte{0}, modulus(3072).Bytes()...))
	for name, tc := range map[string]struct {
		edit    func(d *attest.RuntimeData)
		wantErr string
	}{
		"no keys":                     {func(d *attest.RuntimeData) { d.Keys = nil }, "keys: 0"},
		"one key":                     {func(d *attest.RuntimeData) { d.Keys = d.Keys[:1] }, "keys: 1"},
		"a third key":                 {func(d *attest.RuntimeData) { d.Keys = append(d.Keys, d.Keys[0]) }, "keys: 3"},
		"the event key first":         {func(d *attest.RuntimeData) { d.Keys[0], d.Keys[1] = d.Keys[1], d.Keys[0] }, "keys[0]"},
		"two wrapping keys":           {func(d *attest.RuntimeData) { d.Keys[1] = d.Keys[0] }, "keys[1]"},
		"a 1024-bit wrapping key":     {func(d *attest.RuntimeData) { d.Keys[0] = rsaKey(1024) }, "2048 3072 4096"},
		"a 16384-bit wrapping key":    {func(d *attest.RuntimeData) { d.Keys[0] = rsaKey(16384) }, "2048 3072 4096"},
		"a modulus with leading zero": {func(d *attest.RuntimeData) { d.Keys[0].N = long }, "2048 3072 4096"},
		"exponent 3":                  {func(d *attest.RuntimeData) { d.Keys[0].E = "Aw" }, "65537"},
		"a wrapping key with a curve": {func(d *attest.RuntimeData) { d.Keys[0].Curve = "Ed25519" }, "n and e alone"},
		"a wrapping key of no kind":   {func(d *attest.RuntimeData) { d.Keys[0] = attest.WrapKey(nil) }, "keys[0]"},
		"a short X25519 key":          {func(d *attest.RuntimeData) { d.Keys[0] = attest.JWK{KeyType: "OKP", Curve: "X25519", X: "AAAA"} }, "32 bytes"},
		"an X25519 key with n":        {func(d *attest.RuntimeData) { d.Keys[0] = x25519Key(t); d.Keys[0].N = "AAAA" }, "keys[0]"},
		"an X25519 key for events":    {func(d *attest.RuntimeData) { d.Keys[1] = x25519Key(t) }, "keys[1]"},
		"a short event key":           {func(d *attest.RuntimeData) { d.Keys[1].X = "AAAA" }, "32 bytes"},
		"another curve":               {func(d *attest.RuntimeData) { d.Keys[1].Curve = "X25519" }, "Ed25519"},
		"loose base64":                {func(d *attest.RuntimeData) { d.Keys[1].X = d.Keys[1].X[:42] + "B" }, "x:"},
		"no contract":                 {func(d *attest.RuntimeData) { d.Contract = digest.SHA256{} }, "contract"},
		"no room":                     {func(d *attest.RuntimeData) { d.Room = "" }, "room"},
		"a room that is a path":       {func(d *attest.RuntimeData) { d.Room = "../x" }, "room"},
		"a room without end":          {func(d *attest.RuntimeData) { d.Room = strings.Repeat("a", 65) }, "room"},
	} {
		t.Run(name, func(t *testing.T) {
			d := runtimeData()
			tc.edit(&d)
			if _, err := d.Marshal(); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Marshal = %v, want %q", err, tc.wantErr)
			}
			if _, err := d.WrapKey(); fault.KindOf(err) != fault.Unattested {
				t.Errorf("WrapKey = %v", err)
			}
			if _, err := d.EventKey(); fault.KindOf(err) != fault.Unattested {
				t.Errorf("EventKey = %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	b, err := runtimeData().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"chain":"x","platform":"snp","report":"AQI="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := attest.ParseRuntimeData(b); err == nil {
			if again, err := d.Marshal(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("read %q, wrote %q, %v", b, again, err)
			}
		}
		if e, err := attest.ParseEvidence(b); err == nil {
			if again, err := e.Marshal(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("read %q, wrote %q, %v", b, again, err)
			}
		}
	})
}
