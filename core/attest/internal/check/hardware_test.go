package check_test

import (
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-sev-guest/verify/testdata"
	"github.com/google/go-sev-guest/verify/trust"

	"github.com/cleanroom-dev/cleanroom/core/attest/internal/check"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// hardware is a report that a real Milan chip signed, with its chain and what it
// shows (go-sev-guest's test data).
func hardware(t *testing.T) ([]byte, string, check.Want) {
	t.Helper()
	root, err := trust.GetDefaultRootCerts("Milan")
	if err != nil {
		t.Fatal(err)
	}
	report := append([]byte(nil), testdata.AttestationBytes...)
	w := check.Want{
		Roots:      check.Roots{"Milan": root},
		MinimumTCB: check.TCB{Bootloader: 2, SNP: 5, Microcode: 68},
		Endorse:    func([]byte) error { return nil },
		Now:        time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	copy(w.ReportData[:], report[0x50:0x90])
	if w.HostData, err = digest.FromBytes(report[0xC0:0xE0]); err != nil {
		t.Fatal(err)
	}
	vcek := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: testdata.VcekBytes})
	return report, string(vcek) + string(trust.AskArkMilanVcekBytes), w
}

func TestHardwareReport(t *testing.T) {
	for name, tc := range map[string]struct {
		edit    func(w *check.Want, report []byte)
		wantErr string
	}{
		// The guest of the test data was launched with debugging allowed, so the
		// furthest it can come is past the chain and the TCB.
		"a real guest that can be debugged": {func(*check.Want, []byte) {}, "policy: guest policy 0xb0000 allows debugging"},
		"a higher floor is refused":         {func(w *check.Want, _ []byte) { w.MinimumTCB.Microcode = 69 }, "tcb:"},
		"a changed byte is refused":         {func(_ *check.Want, r []byte) { r[0xC0] ^= 1 }, "report:"},
		"an expired chain is refused":       {func(w *check.Want, _ []byte) { w.Now = time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC) }, "chain:"},
		"another line's root is refused":    {func(w *check.Want, _ []byte) { w.Roots = check.Roots{"Genoa": w.Roots["Milan"]} }, "chain:"},
		"no roots is no fallback":           {func(w *check.Want, _ []byte) { w.Roots = nil }, "no expectation of a root"},
		"an empty root is refused":          {func(w *check.Want, _ []byte) { w.Roots = check.Roots{"Milan": {}} }, "chain:"},
		"no endorsement check is refused":   {func(w *check.Want, _ []byte) { w.Endorse = nil }, "no expectation of an endorsement"},
		"no time is refused":                {func(w *check.Want, _ []byte) { w.Now = time.Time{} }, "no expectation of the time"},
		"zero report data is refused":       {func(w *check.Want, _ []byte) { w.ReportData = [64]byte{} }, "no expectation of report data"},
	} {
		t.Run(name, func(t *testing.T) {
			report, chain, w := hardware(t)
			tc.edit(&w, report)
			err := check.Run(report, chain, w)
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Run = %v, want %q", err, tc.wantErr)
			}
			if fault.KindOf(err) != fault.Unattested && fault.KindOf(err) != fault.Invalid {
				t.Errorf("Run = %v of kind %v", err, fault.KindOf(err))
			}
		})
	}
}

func FuzzRun(f *testing.F) {
	f.Add(testdata.AttestationBytes, string(trust.AskArkMilanVcekBytes))
	f.Add([]byte{}, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
	f.Fuzz(func(t *testing.T, report []byte, chain string) {
		_, _, w := hardware(t)
		if err := check.Run(report, chain, w); err == nil { // not even the real one passes
			t.Errorf("Run accepts %d bytes under %q", len(report), chain)
		}
	})
}
