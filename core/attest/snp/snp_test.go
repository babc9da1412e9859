package snp

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/verify/testdata"
	"github.com/google/uuid"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func table(guids ...string) []byte {
	t := new(abi.CertTable)
	for _, g := range guids {
		t.Entries = append(t.Entries, abi.CertTableEntry{GUID: uuid.MustParse(g), RawCert: testdata.VcekBytes})
	}
	return t.Marshal()
}

func TestSplit(t *testing.T) {
	report := testdata.AttestationBytes
	all := append(append([]byte(nil), report...), table(abi.VcekGUID, abi.AskGUID, abi.ArkGUID)...)
	ev, err := split(all)
	if err != nil || len(ev.Report) != abi.ReportSize || strings.Count(ev.Chain, "BEGIN CERTIFICATE") != 3 || ev.Platform != "snp" {
		t.Errorf("split = %+v, %v", ev, err)
	}
	for name, raw := range map[string][]byte{
		"nothing is refused":             nil,
		"half a report is refused":       report[:100],
		"a report without certificates":  report,
		"a table without ARK is refused": append(append([]byte(nil), report...), table(abi.VcekGUID, abi.AskGUID)...),
		"a cut table is refused":         all[:abi.ReportSize+30],
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := split(raw); fault.KindOf(err) != fault.Unattested {
				t.Errorf("split(%d bytes) = %v, want Unattested", len(raw), err)
			}
		})
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(append(append([]byte(nil), testdata.AttestationBytes...), table(abi.VcekGUID, abi.AskGUID, abi.ArkGUID)...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if ev, err := split(raw); err == nil && len(ev.Report) != abi.ReportSize {
			t.Errorf("split gave a report of %d bytes", len(ev.Report))
		}
	})
}

func TestOpenWithoutHardware(t *testing.T) {
	if _, err := os.Stat("/dev/sev-guest"); err == nil {
		t.Skip("this machine has the hardware")
	}
	if _, err := Open(); fault.KindOf(err) != fault.Unattested {
		t.Errorf("Open = %v, want Unattested", err)
	}
}
