package sim

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"

	"github.com/cleanroom-dev/cleanroom/core/attest/internal/check"
	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// File is the name, in a device's folder, of all that a guest needs to attest.
const File = "device.json"

// stored is the file's form.
type stored struct {
	Warning  string        `json:"warning"`
	Key      []byte        `json:"key"` // PKCS #8; secret only in name
	Chain    string        `json:"chain"`
	Root     string        `json:"root"`
	HostData digest.SHA256 `json:"hostData"`
}

const warning = "simulated SEV-SNP device: proves nothing"

const maxStored = 64 << 10

// Save writes the device into dir for another process to load.
func (d *Device) Save(dir string) error {
	const op = "attest.sim.save"
	key, err := x509.MarshalPKCS8PrivateKey(d.key)
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	b, err := canonical.Marshal(stored{warning, key, d.chain, d.root, d.hostData})
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o600); err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	return nil
}

// LoadDevice reads what Save wrote. Errors are NotFound or Invalid.
func LoadDevice(dir string) (*Device, error) {
	const op = "attest.sim.load"
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return nil, fault.New(fault.NotFound, op, "%w", err)
	}
	d, err := parseDevice(b)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%s: %w", filepath.Join(dir, File), err)
	}
	return d, nil
}

func parseDevice(b []byte) (*Device, error) {
	if len(b) > maxStored {
		return nil, errors.New("too long for a device")
	}
	var s stored
	if err := canonical.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	if s.Warning != warning {
		return nil, errors.New("not a simulated device")
	}
	k, err := x509.ParsePKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, err
	}
	key, ok := k.(*ecdsa.PrivateKey)
	if !ok || key.Curve.Params().BitSize != 384 {
		return nil, errors.New("key is not ECDSA on P-384")
	}
	if _, err := check.ParseRoots(line, s.Root); err != nil {
		return nil, err
	}
	return &Device{key: key, chain: s.Chain, root: s.Root, hostData: s.HostData}, nil
}
