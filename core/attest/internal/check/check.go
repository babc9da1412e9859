// Package check holds the one verification of an SEV-SNP report that hardware
// and simulator share: every link, in order, or an error that names the link. It
// knows no root of its own and never fetches anything. Nothing outside
// core/attest can import it, so nobody gets a part of the verification.
package check

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/trust"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const op = "attest.verify"

// Roots maps an AMD product line, such as Milan, to the ARK and ASK trusted for it.
type Roots map[string]*trust.AMDRootCerts

// Want is all that a report must show. Every field is required: an empty one is
// an error, never "not checked".
type Want struct {
	Roots      Roots
	HostData   digest.SHA256
	ReportData [64]byte // all zero is refused
	MinimumTCB TCB
	// Endorse judges MEASUREMENT (48 bytes). Its error becomes the link "endorsement".
	Endorse func(measurement []byte) error
	Now     time.Time
}

// Run verifies a raw report and the PEM chain VCEK, ASK, ARK beside it. Every
// error is Unattested and begins with the link that broke, except that an empty
// expectation is Invalid.
func Run(report []byte, chain string, w Want) error {
	if err := w.complete(); err != nil {
		return err
	}
	r, err := parseReport(report)
	if err != nil {
		return broken("report", "%w", err)
	}
	c, err := parseChain(chain)
	if err != nil {
		return broken("chain", "%w", err)
	}
	if err := verify.SnpReportSignature(report, c.vcek); err != nil {
		return broken("report", "%w", err)
	}
	a := &spb.Attestation{Report: r, CertificateChain: &spb.CertificateChain{
		VcekCert: c.vcek.Raw, AskCert: c.ask.Raw, ArkCert: c.ark.Raw,
	}}
	if err := verifyChain(a, c, w); err != nil {
		return broken("chain", "%w", err)
	}
	if err := checkFields(r, c.vcek, w); err != nil {
		return err
	}
	// The library's own reading of the same fields, and of those that have no
	// link of their own: versions, the chip's id, committed against current firmware.
	vmpl := 0
	if err := validate.SnpAttestation(a, &validate.Options{
		GuestPolicy: guestPolicy,
		HostData:    w.HostData.Bytes(),
		ReportData:  w.ReportData[:],
		MinimumTCB:  w.MinimumTCB.parts(),
		VMPL:        &vmpl,
	}); err != nil {
		return broken("report", "%w", err)
	}
	if err := w.Endorse(r.GetMeasurement()); err != nil {
		return broken("endorsement", "%w", err)
	}
	return nil
}

func (w Want) complete() error {
	missing := func(what string) error {
		return fault.New(fault.Invalid, op, "no expectation of %s", what)
	}
	switch {
	case w.HostData.IsZero():
		return missing("host data")
	case w.ReportData == [64]byte{}:
		return missing("report data")
	case w.MinimumTCB == TCB{}:
		return missing("the TCB")
	case len(w.Roots) == 0: // the library would fall back on its own
		return missing("a root")
	case w.Endorse == nil:
		return missing("an endorsement")
	case w.Now.IsZero():
		return missing("the time")
	}
	return nil
}

func parseReport(b []byte) (*spb.Report, error) {
	if len(b) != abi.ReportSize {
		return nil, fmt.Errorf("%d bytes, want %d", len(b), abi.ReportSize)
	}
	if err := abi.ValidateReportFormat(b); err != nil {
		return nil, err
	}
	r, err := abi.ReportToProto(b)
	if err != nil {
		return nil, err
	}
	signer, err := abi.ParseSignerInfo(r.GetSignerInfo())
	if err != nil {
		return nil, err
	}
	if signer.SigningKey != abi.VcekReportSigner {
		return nil, fmt.Errorf("signed by %v, want the chip's own VCEK", signer.SigningKey)
	}
	// The signature is over the raw bytes; what is checked below must be the same ones.
	again, err := abi.ReportToAbiBytes(r)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fmt.Errorf("bytes that belong to no field are set")
	}
	return r, nil
}

func verifyChain(a *spb.Attestation, c *certs, w Want) error {
	roots := make(map[string][]*trust.AMDRootCerts, len(w.Roots))
	pinned := false
	for line, r := range w.Roots {
		if r == nil || r.ProductCerts == nil || r.ProductCerts.Ark == nil || r.ProductCerts.Ask == nil {
			return fmt.Errorf("%s: ARK or ASK is missing", line)
		}
		roots[line] = []*trust.AMDRootCerts{r}
		pinned = pinned || same(r.ProductCerts.Ark, c.ark) && same(r.ProductCerts.Ask, c.ask)
	}
	if !pinned {
		return fmt.Errorf("ASK %q and ARK %q are not a trusted pair",
			c.ask.Subject.CommonName, c.ark.Subject.CommonName)
	}
	return verify.SnpAttestation(a, &verify.Options{
		TrustedRoots:        roots,
		DisableCertFetching: true,
		Now:                 w.Now,
	})
}

func same(a, b *x509.Certificate) bool { return bytes.Equal(a.Raw, b.Raw) }

func broken(link, format string, args ...any) error {
	return fault.New(fault.Unattested, op, link+": "+format, args...)
}

func certTCB(vcek *x509.Certificate) (kds.TCBParts, error) {
	e, err := kds.VcekCertificateExtensions(vcek)
	if err != nil {
		return kds.TCBParts{}, err
	}
	return kds.DecomposeTCBVersion(e.TCBVersion), nil
}
