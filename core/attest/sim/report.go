package sim

import (
	"crypto/sha512"
	"encoding/binary"

	"github.com/google/go-sev-guest/abi"
)

// Offsets of ATTESTATION_REPORT (SEV-SNP ABI, AMD 56860, table 23).
const (
	offVersion      = 0x000
	offPolicy       = 0x008
	offVMPL         = 0x030
	offAlgorithm    = 0x034
	offCurrentTCB   = 0x038
	offReportData   = 0x050
	offMeasurement  = 0x090
	offHostData     = 0x0C0
	offReportedTCB  = 0x180
	offFamily       = 0x188
	offModel        = 0x189
	offStepping     = 0x18A
	offChipID       = 0x1A0
	offCommittedTCB = 0x1E0
	offCurrent      = 0x1E8 // build, minor, major
	offCommitted    = 0x1EC // build, minor, major
	offLaunchTCB    = 0x1F0
)

// policy allows SMT; bit 17 is reserved and must be one. No debugging, no migration.
const policy = 1<<17 | 1<<16

// measurement is no measurement: it stands where a guest's launch digest would.
var measurement = sha512.Sum384([]byte("cleanroom simulated guest: nothing was measured"))

// chipID names the simulated chip; its VCEK carries the same.
var chipID = sha512.Sum512([]byte("cleanroom simulated chip"))

// tcb is Floor as a TCB_VERSION of Milan.
func tcb() uint64 {
	return uint64(Floor.Microcode)<<56 | uint64(Floor.SNP)<<48 | uint64(Floor.TEE)<<8 | uint64(Floor.Bootloader)
}

// report is the unsigned report of a Milan B1 chip.
func (d *Device) report(reportData [64]byte) []byte {
	b := make([]byte, abi.ReportSize)
	le := binary.LittleEndian
	le.PutUint32(b[offVersion:], abi.ReportVersion3)
	le.PutUint64(b[offPolicy:], policy)
	le.PutUint32(b[offAlgorithm:], abi.SignEcdsaP384Sha384)
	for _, off := range []int{offCurrentTCB, offReportedTCB, offCommittedTCB, offLaunchTCB} {
		le.PutUint64(b[off:], tcb())
	}
	b[offFamily], b[offModel], b[offStepping] = 0x19, 1, 1
	for _, off := range []int{offCurrent, offCommitted} {
		b[off], b[off+1], b[off+2] = 29, 55, 1
	}
	copy(b[offReportData:], reportData[:])
	copy(b[offMeasurement:], measurement[:])
	copy(b[offHostData:], d.hostData.Bytes())
	copy(b[offChipID:], chipID[:])
	return b
}
