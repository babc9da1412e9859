// Package attest holds a room's evidence and its verification: a hardware report
// that says which policy governs the guest and which keys live in it. It never
// accepts simulated evidence, has no partial verification, and no way, by root,
// flag or file, to trust any root but AMD's.
package attest

import (
	"context"
	"crypto/sha256"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Evidence is a report and the certificates that vouch for it. It is public.
type Evidence struct {
	Platform string `json:"platform"` // of package spec/v1; says what it claims to be
	Report   []byte `json:"report"`   // 1184 bytes (SEV-SNP ABI, AMD 56860, ATTESTATION_REPORT)
	Chain    string `json:"chain"`    // PEM: VCEK, ASK, ARK
}

const reportSize = 1184

// maxEvidence bounds evidence on the wire; a real one is below 10 KiB.
const maxEvidence = 64 << 10

// Marshal returns the canonical JSON that ParseEvidence reads.
func (e Evidence) Marshal() ([]byte, error) {
	b, err := canonical.Marshal(e)
	if err != nil {
		return nil, fault.New(fault.Internal, "attest.evidence", "%w", err)
	}
	return b, nil
}

// ParseEvidence reads canonical JSON, strictly. It verifies nothing. Errors are Unattested.
func ParseEvidence(b []byte) (Evidence, error) {
	const op = "attest.evidence"
	if len(b) > maxEvidence {
		return Evidence{}, fault.New(fault.Unattested, op, "%d bytes, more than %d", len(b), maxEvidence)
	}
	var e Evidence
	if err := canonical.Unmarshal(b, &e); err != nil {
		return Evidence{}, fault.New(fault.Unattested, op, "%w", err)
	}
	if e.Platform != v1.PlatformSNP && e.Platform != v1.PlatformSimulated {
		return Evidence{}, fault.New(fault.Unattested, op, "platform %.40q is none", e.Platform)
	}
	return e, nil
}

// HostData reads HOST_DATA out of the report without verifying anything: it is
// what a room compares with its own policy, not what anybody may rely on.
func (e Evidence) HostData() (digest.SHA256, error) {
	const from, to = 0x0C0, 0x0E0 // AMD 56860, ATTESTATION_REPORT
	if len(e.Report) != reportSize {
		return digest.SHA256{}, fault.New(fault.Unattested, "attest.evidence", "report of %d bytes, want %d", len(e.Report), reportSize)
	}
	return digest.FromBytes(e.Report[from:to])
}

// Attester issues evidence that carries the given report data.
type Attester interface {
	Attest(ctx context.Context, reportData [64]byte) (Evidence, error)
}

// ReportData returns what REPORT_DATA must hold for this runtime data: its
// SHA-256, then 32 zero bytes (the layout that Microsoft Azure Attestation fixes).
func ReportData(runtimeData []byte) [64]byte {
	var d [64]byte
	sum := sha256.Sum256(runtimeData)
	copy(d[:], sum[:])
	return d
}
