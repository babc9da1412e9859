package sim

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-sev-guest/abi"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

var (
	runtimeData = []byte(`{"any":"bytes"}`)
	hostData    = digest.Of([]byte("policy"))
)

func device(t testing.TB) *Device {
	t.Helper()
	d, err := NewDevice(hostData)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func expected() attest.Expectations {
	return attest.Expectations{HostData: hostData, RuntimeData: runtimeData, MinimumTCB: Floor}
}

// evidence is d's, with change made to the report before it is signed.
func evidence(t testing.TB, d *Device, change func(b []byte)) attest.Evidence {
	t.Helper()
	ev, err := d.Attest(t.Context(), attest.ReportData(runtimeData))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(ev.Report)
		clear(ev.Report[0x2A0:])
		if err := d.sign(ev.Report); err != nil {
			t.Fatal(err)
		}
	}
	return ev
}

func TestVerifyNamesTheBrokenLink(t *testing.T) {
	d, foreign := device(t), device(t)
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	thief := &Device{key: other, chain: d.chain, hostData: hostData}
	put64 := func(off int, v uint64) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint64(b[off:], v) }
	}
	for name, tc := range map[string]struct {
		by      *Device
		change  func(b []byte)
		edit    func(ev *attest.Evidence)
		expect  func(ex *attest.Expectations)
		now     time.Duration
		wantErr string // empty: passes
		kind    fault.Kind
	}{
		"what the device signed passes":          {},
		"other host data is refused":             {expect: func(ex *attest.Expectations) { ex.HostData = digest.Of([]byte("other")) }, wantErr: "host data:"},
		"other runtime data is refused":          {expect: func(ex *attest.Expectations) { ex.RuntimeData = []byte("other") }, wantErr: "report data:"},
		"report data with a tail is refused":     {change: func(b []byte) { b[offReportData+63] = 1 }, wantErr: "report data:"},
		"a guest that can be debugged":           {change: put64(offPolicy, policy|1<<19), wantErr: "policy:"},
		"a guest with a migration agent":         {change: put64(offPolicy, policy|1<<18), wantErr: "policy:"},
		"a report from VMPL 1 is refused":        {change: func(b []byte) { b[offVMPL] = 1 }, wantErr: "vmpl:"},
		"a report from VMPL 2^31 is refused":     {change: func(b []byte) { b[offVMPL+3] = 0x80 }, wantErr: "vmpl:"},
		"another TCB than the VCEK's is refused": {change: put64(offReportedTCB, tcb()+1<<56), wantErr: "tcb:"},
		"a TCB below the floor is refused":       {expect: func(ex *attest.Expectations) { ex.MinimumTCB.SNP++ }, wantErr: "tcb:"},
		"provisional firmware is refused":        {change: put64(offCommittedTCB, tcb()-1), wantErr: "report:"},
		"another chip than the VCEK's":           {change: func(b []byte) { b[offChipID] ^= 1 }, wantErr: "report:"},
		"another measurement is refused":         {change: func(b []byte) { b[offMeasurement] ^= 1 }, wantErr: "endorsement:"},
		"a report of an unknown version":         {change: func(b []byte) { b[offVersion] = 9 }, wantErr: "report:"},
		"a report that names no VCEK":            {change: func(b []byte) { b[0x48] = 7 << 2 }, wantErr: "report:"},
		"a report that names a VLEK":             {change: func(b []byte) { b[0x48] = 1 << 2 }, wantErr: "report:"},
		"an unknown signature algorithm":         {change: func(b []byte) { b[offAlgorithm] = 2 }, wantErr: "report:"},
		"an unknown product line is refused":     {change: func(b []byte) { b[offModel] = 0x77 }, wantErr: "chain:"},
		"a signature by another key is refused":  {by: thief, wantErr: "report:"},
		"a foreign root is refused":              {by: foreign, wantErr: "chain:"},
		"a chain of another device is refused":   {edit: func(ev *attest.Evidence) { ev.Chain = foreign.chain }, wantErr: "report:"},
		"own VCEK under foreign authorities":     {edit: func(ev *attest.Evidence) { ev.Chain = vcekOf(d) + foreign.root }, wantErr: "chain:"},
		"foreign VCEK under own authorities":     {by: foreign, edit: func(ev *attest.Evidence) { ev.Chain = vcekOf(foreign) + d.root }, wantErr: "chain:"},
		"ASK and ARK swapped is refused":         {edit: func(ev *attest.Evidence) { ev.Chain = vcekOf(d) + swapped(d) }, wantErr: "chain:"},
		"a chain without ARK is refused":         {edit: func(ev *attest.Evidence) { ev.Chain = vcekOf(d) + strings.SplitAfter(d.root, endPEM)[0] }, wantErr: "chain:"},
		"a chain with one more is refused":       {edit: func(ev *attest.Evidence) { ev.Chain += d.root }, wantErr: "chain:"},
		"text in the chain is refused":           {edit: func(ev *attest.Evidence) { ev.Chain = "hello\n" + ev.Chain }, wantErr: "chain:"},
		"no chain is refused":                    {edit: func(ev *attest.Evidence) { ev.Chain = "" }, wantErr: "chain:"},
		"an expired chain is refused":            {now: life + time.Hour, wantErr: "chain:"},
		"a chain of the future is refused":       {now: -48 * time.Hour, wantErr: "chain:"},
		"half a report is refused":               {edit: func(ev *attest.Evidence) { ev.Report = ev.Report[:600] }, wantErr: "report:"},
		"a longer report is refused":             {edit: func(ev *attest.Evidence) { ev.Report = append(ev.Report, 0) }, wantErr: "report:"},
		"no report is refused":                   {edit: func(ev *attest.Evidence) { ev.Report = nil }, wantErr: "report:"},
		"hardware by name is refused":            {edit: func(ev *attest.Evidence) { ev.Platform = "snp" }, wantErr: "platform:"},
		"no expectation of host data":            {expect: func(ex *attest.Expectations) { ex.HostData = digest.SHA256{} }, wantErr: "no expectation of host data", kind: fault.Invalid},
		"no expectation of runtime data":         {expect: func(ex *attest.Expectations) { ex.RuntimeData = nil }, wantErr: "no expectation of runtime data", kind: fault.Invalid},
		"no expectation of the TCB":              {expect: func(ex *attest.Expectations) { ex.MinimumTCB = attest.TCB{} }, wantErr: "no expectation of the TCB", kind: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			by := d
			if tc.by != nil {
				by = tc.by
			}
			ev, ex := evidence(t, by, tc.change), expected()
			if tc.edit != nil {
				tc.edit(&ev)
			}
			if tc.expect != nil {
				tc.expect(&ex)
			}
			err := Verify(d.Root())(ev, ex, time.Now().Add(tc.now))
			if tc.wantErr == "" {
				if err != nil {
					t.Errorf("Verify = %v, want nil", err)
				}
				return
			}
			if tc.kind == fault.Internal {
				tc.kind = fault.Unattested
			}
			if err == nil || !strings.Contains(err.Error(), "attest.verify: "+tc.wantErr) || fault.KindOf(err) != tc.kind {
				t.Errorf("Verify = %v (%v), want %q (%v)", err, fault.KindOf(err), tc.wantErr, tc.kind)
			}
		})
	}
}

const endPEM = "-----END CERTIFICATE-----\n"

func vcekOf(d *Device) string { return strings.SplitAfter(d.chain, endPEM)[0] }

func swapped(d *Device) string {
	p := strings.SplitAfter(d.root, endPEM)
	return p[1] + p[0]
}

func TestEveryByteOfTheReportCounts(t *testing.T) {
	d := device(t)
	ev, verify := evidence(t, d, nil), Verify(d.Root())
	for i := range ev.Report {
		bit := byte(1) << (i % 8)
		ev.Report[i] ^= bit
		err := verify(ev, expected(), time.Now())
		ev.Report[i] ^= bit
		if fault.KindOf(err) != fault.Unattested {
			t.Fatalf("bit %#02x of byte %#x flipped: Verify = %v", bit, i, err)
		}
	}
	if err := verify(ev, expected(), time.Now()); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

func TestProductionRefusesSimulatedEvidence(t *testing.T) {
	d := device(t)
	ev := evidence(t, d, nil)
	if err := attest.Verify(ev, expected(), time.Now()); fault.KindOf(err) != fault.Unattested || !strings.Contains(err.Error(), "platform:") {
		t.Errorf("attest.Verify(simulated) = %v", err)
	}
	ev.Platform = "snp" // the platform is only a claim: the root must refuse too
	if err := attest.Verify(ev, expected(), time.Now()); fault.KindOf(err) != fault.Unattested || !strings.Contains(err.Error(), "chain:") {
		t.Errorf("attest.Verify(simulated, called snp) = %v", err)
	}
}

func TestNoRootTrustsNothing(t *testing.T) {
	d := device(t)
	for name, root := range map[string]string{
		"no root is refused":           "",
		"text is refused":              "hello",
		"one certificate is refused":   strings.SplitAfter(d.root, endPEM)[0],
		"a whole chain is no root":     d.chain,
		"text after the root is wrong": d.root + "hello",
	} {
		t.Run(name, func(t *testing.T) {
			err := Verify([]byte(root))(evidence(t, d, nil), expected(), time.Now())
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("Verify under root %.20q = %v, want Invalid", root, err)
			}
		})
	}
}

func TestEachDeviceHasItsOwnChain(t *testing.T) {
	a, b := device(t), device(t)
	if bytes.Equal(a.Root(), b.Root()) || a.key.Equal(b.key) {
		t.Error("two devices share a root or a key")
	}
	if _, err := NewDevice(digest.SHA256{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("NewDevice without host data = %v", err)
	}
	if _, err := a.WithHostData(digest.SHA256{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("WithHostData of none = %v", err)
	}
	if len(evidence(t, a, nil).Report) != abi.ReportSize {
		t.Error("report is not of the ABI's size")
	}
}

func TestSaveAndLoad(t *testing.T) {
	d, dir := device(t), t.TempDir()
	other, err := d.WithHostData(digest.Of([]byte("other")))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(dir); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadDevice(dir)
	if err != nil {
		t.Fatal(err)
	}
	ev, ex := evidence(t, loaded, nil), expected()
	if err := Verify(d.Root())(ev, ex, time.Now()); err == nil || !strings.Contains(err.Error(), "host data:") {
		t.Errorf("loaded device passes with the first guest's host data: %v", err)
	}
	ex.HostData = digest.Of([]byte("other"))
	if err := Verify(d.Root())(ev, ex, time.Now()); err != nil {
		t.Errorf("loaded device on the same chip: %v", err)
	}
	if _, err := LoadDevice(t.TempDir()); fault.KindOf(err) != fault.NotFound || !errors.As(err, new(*fault.Error)) {
		t.Errorf("LoadDevice of nothing = %v", err)
	}
}

func FuzzParseDevice(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"chain":"","hostData":"sha256:00","key":"","root":"","warning":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := parseDevice(b); err == nil && (d.key == nil || d.hostData.IsZero()) {
			t.Errorf("parseDevice(%q) gave half a device", b)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	d := device(b)
	ev, verify := evidence(b, d, nil), Verify(d.Root())
	for b.Loop() {
		if err := verify(ev, expected(), time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
