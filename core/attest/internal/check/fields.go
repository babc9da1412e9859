package check

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
)

// TCB is a floor under the security patch levels of a chip's firmware (KDS
// specification, AMD 57230, "TCB_VERSION").
type TCB struct {
	Bootloader uint8 `json:"bootloader"`
	TEE        uint8 `json:"tee"`
	SNP        uint8 `json:"snp"`
	Microcode  uint8 `json:"microcode"`
}

func (t TCB) parts() kds.TCBParts {
	return kds.TCBParts{BlSpl: t.Bootloader, TeeSpl: t.TEE, SnpSpl: t.SNP, UcodeSpl: t.Microcode}
}

// guestPolicy is the most a guest may be allowed. SMT is the platform's choice;
// a debugger or a migration agent could read the guest, so neither is.
var guestPolicy = abi.SnpPolicy{SMT: true}

// checkFields is one check per link, so that an error names the right one.
func checkFields(r *spb.Report, vcek *x509.Certificate, w Want) error {
	if err := checkTCB(r, vcek, w.MinimumTCB.parts()); err != nil {
		return err
	}
	p, err := abi.ParseSnpPolicy(r.GetPolicy())
	switch {
	case err != nil:
		return broken("policy", "%w", err)
	case p.Debug:
		return broken("policy", "guest policy %#x allows debugging", r.GetPolicy())
	case p.MigrateMA:
		return broken("policy", "guest policy %#x allows a migration agent", r.GetPolicy())
	}
	if r.GetVmpl() != 0 {
		return broken("vmpl", "%d, want 0", r.GetVmpl())
	}
	if want := w.HostData.Bytes(); !bytes.Equal(r.GetHostData(), want) {
		return broken("host data", "%s, want %s", hex.EncodeToString(r.GetHostData()), hex.EncodeToString(want))
	}
	if !bytes.Equal(r.GetReportData(), w.ReportData[:]) {
		return broken("report data", "%s, want %s (SHA-256 of the runtime data, then zeros)",
			hex.EncodeToString(r.GetReportData()), hex.EncodeToString(w.ReportData[:]))
	}
	return nil
}

func checkTCB(r *spb.Report, vcek *x509.Certificate, floor kds.TCBParts) error {
	cert, err := certTCB(vcek)
	if err != nil {
		return broken("tcb", "%w", err)
	}
	reported := kds.DecomposeTCBVersion(kds.TCBVersion(r.GetReportedTcb()))
	switch {
	case reported != cert:
		return broken("tcb", "reported %+v, but the VCEK is for %+v", reported, cert)
	case !kds.TCBPartsLE(floor, reported):
		return broken("tcb", "reported %+v is below the floor %+v", reported, floor)
	}
	return nil
}
