// Package sim is a simulated SEV-SNP device: a real report, signed under a chain
// of certificates in AMD's shape that is made afresh for every device. It proves
// nothing about the machine. Only -sim binaries and tests may import it, it never
// uses a library's test keys, and no production verifier trusts what it signs.
package sim

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"

	"github.com/google/go-sev-guest/abi"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Banner is what every -sim program shows where a person looks.
const Banner = `
############################################################################
##                                                                        ##
##   SIMULATED ATTESTATION. THIS IS NOT A CONFIDENTIAL ROOM.              ##
##   Whoever runs this machine can read all data and all keys.            ##
##   Use it with data that may be public, to learn and to test.           ##
##                                                                        ##
############################################################################
`

// Floor is the TCB that every simulated device reports.
var Floor = attest.TCB{Bootloader: 4, SNP: 24, Microcode: 219}

// Device is one simulated guest on one simulated chip. Its methods may be called
// concurrently.
type Device struct {
	key      *ecdsa.PrivateKey // the chip's VCEK
	chain    string            // PEM: VCEK, ASK, ARK
	root     string            // PEM: ASK, ARK
	hostData digest.SHA256
}

// NewDevice makes a chip with a chain of its own, and on it a guest that was
// launched with hostData, as a hypervisor would.
func NewDevice(hostData digest.SHA256) (*Device, error) {
	if hostData.IsZero() {
		return nil, fault.New(fault.Invalid, "attest.sim", "no host data: hash of the policy")
	}
	d, err := newChip()
	if err != nil {
		return nil, fault.New(fault.Internal, "attest.sim", "make the chain: %w", err)
	}
	d.hostData = hostData
	return d, nil
}

// WithHostData is another guest on the same chip, launched with other host data.
func (d *Device) WithHostData(hostData digest.SHA256) (*Device, error) {
	if hostData.IsZero() {
		return nil, fault.New(fault.Invalid, "attest.sim", "no host data: hash of the policy")
	}
	other := *d
	other.hostData = hostData
	return &other, nil
}

// Root returns the PEM of ASK and ARK, which Verify takes.
func (d *Device) Root() []byte { return []byte(d.root) }

// Attest signs a report that carries reportData.
func (d *Device) Attest(ctx context.Context, reportData [64]byte) (attest.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return attest.Evidence{}, fault.Wrap("attest.sim", err)
	}
	raw := d.report(reportData)
	if err := d.sign(raw); err != nil {
		return attest.Evidence{}, fault.New(fault.Internal, "attest.sim", "sign the report: %w", err)
	}
	return attest.Evidence{Platform: v1.PlatformSimulated, Report: raw, Chain: d.chain}, nil
}

func (d *Device) sign(raw []byte) error {
	sum := sha512.Sum384(abi.SignedComponent(raw))
	r, s, err := ecdsa.Sign(rand.Reader, d.key, sum[:])
	if err != nil {
		return err
	}
	return abi.SetSignature(r, s, raw)
}
