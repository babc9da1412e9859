// Package snp issues evidence on AMD SEV-SNP hardware, through configfs-tsm or
// /dev/sev-guest. It never fetches anything: a host that gives no certificates
// with its report cannot be attested.
package snp

import (
	"context"
	"encoding/pem"
	"strings"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/client"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

const op = "attest.snp"

// Device is the guest's door to the AMD secure processor. Its methods may be
// called concurrently.
type Device struct{ quotes client.QuoteProvider }

// Open finds the device. A machine without one is Unattested.
func Open() (*Device, error) {
	q, err := client.GetQuoteProvider()
	if err != nil {
		return nil, fault.New(fault.Unattested, op, "%w: not a confidential guest, or its device is hidden", err)
	}
	return &Device{q}, nil
}

// Attest asks for a report that carries reportData.
func (d *Device) Attest(ctx context.Context, reportData [64]byte) (attest.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return attest.Evidence{}, fault.Wrap(op, err)
	}
	raw, err := d.quotes.GetRawQuote(reportData)
	if err != nil {
		return attest.Evidence{}, fault.New(fault.Unattested, op, "ask for a report: %w", err)
	}
	return split(raw)
}

// split parts what the device gives: the report, then the host's table of certificates.
func split(raw []byte) (attest.Evidence, error) {
	if len(raw) < abi.ReportSize {
		return attest.Evidence{}, fault.New(fault.Unattested, op, "report of %d bytes, want %d", len(raw), abi.ReportSize)
	}
	table := new(abi.CertTable)
	if err := table.Unmarshal(raw[abi.ReportSize:]); err != nil {
		return attest.Evidence{}, fault.New(fault.Unattested, op, "certificates: %w", err)
	}
	var chain strings.Builder
	for _, c := range []struct{ name, guid string }{{"VCEK", abi.VcekGUID}, {"ASK", abi.AskGUID}, {"ARK", abi.ArkGUID}} {
		der, err := table.GetByGUIDString(c.guid)
		if err != nil {
			return attest.Evidence{}, fault.New(fault.Unattested, op, "certificates: the host gave no %s: %w", c.name, err)
		}
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return attest.Evidence{}, fault.New(fault.Internal, op, "%w", err)
		}
	}
	return attest.Evidence{Platform: v1.PlatformSNP, Report: raw[:abi.ReportSize], Chain: chain.String()}, nil
}
