package attest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	maxRuntimeData = 16 << 10
	maxRoomID      = 64
	exponent       = 65537
)

// wrapBits are the sizes of an RSA wrapping key. Making one took 0.07, 0.28 and 0.4 s
// on average where this was written, which is part of a room's start.
var wrapBits = []int{2048, 3072, 4096}

// RuntimeData is what the room says about itself, bound by hash into its report.
type RuntimeData struct {
	Keys     []JWK         `json:"keys"` // the wrapping key (RSA or X25519), then the event key (Ed25519)
	Contract digest.SHA256 `json:"contract"`
	Room     string        `json:"room"` // 1 to 64 of a-z, 0-9 and -
}

// JWK is a public key (RFC 7517; RFC 7518 6.3 for RSA, RFC 8037 for X25519 and Ed25519).
type JWK struct {
	KeyType string `json:"kty"`
	Curve   string `json:"crv,omitempty"`
	X       string `json:"x,omitempty"`
	N       string `json:"n,omitempty"`
	E       string `json:"e,omitempty"`
}

// WrapKey is pub, an *rsa.PublicKey or an *ecdh.PublicKey of X25519, as a JWK. Of any
// other key it is empty, which RuntimeData refuses.
func WrapKey(pub crypto.PublicKey) JWK {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return JWK{KeyType: "RSA", N: b64(pub.N.Bytes()), E: b64(big.NewInt(int64(pub.E)).Bytes())}
	case *ecdh.PublicKey:
		if pub.Curve() == ecdh.X25519() {
			return JWK{KeyType: "OKP", Curve: "X25519", X: b64(pub.Bytes())}
		}
	}
	return JWK{}
}

// Ed25519Key is pub as a JWK.
func Ed25519Key(pub ed25519.PublicKey) JWK {
	return JWK{KeyType: "OKP", Curve: "Ed25519", X: b64(pub)}
}

// Marshal returns canonical JSON, or Invalid where ParseRuntimeData would refuse it.
func (d RuntimeData) Marshal() ([]byte, error) {
	if err := d.validate(fault.Invalid); err != nil {
		return nil, err
	}
	b, err := canonical.Marshal(d)
	if err != nil {
		return nil, fault.New(fault.Internal, opRuntime, "%w", err)
	}
	return b, nil
}

// ParseRuntimeData reads canonical JSON, strictly. Errors are Unattested.
func ParseRuntimeData(b []byte) (RuntimeData, error) {
	if len(b) > maxRuntimeData {
		return RuntimeData{}, fault.New(fault.Unattested, opRuntime, "%d bytes, more than %d", len(b), maxRuntimeData)
	}
	var d RuntimeData
	if err := canonical.Unmarshal(b, &d); err != nil {
		return RuntimeData{}, fault.New(fault.Unattested, opRuntime, "%w", err)
	}
	if err := d.validate(fault.Unattested); err != nil {
		return RuntimeData{}, err
	}
	return d, nil
}

const opRuntime = "attest.runtime"

func (d RuntimeData) validate(kind fault.Kind) error {
	if len(d.Keys) != 2 {
		return fault.New(kind, opRuntime, "keys: %d, want the wrapping key and the event key", len(d.Keys))
	}
	if _, err := d.Keys[0].wrap(); err != nil {
		return fault.New(kind, opRuntime, "keys[0]: %w", err)
	}
	if _, err := d.Keys[1].octets("Ed25519"); err != nil {
		return fault.New(kind, opRuntime, "keys[1]: %w", err)
	}
	if d.Contract.IsZero() {
		return fault.New(kind, opRuntime, "contract: is required")
	}
	if !roomID(d.Room) {
		return fault.New(kind, opRuntime, "room: must be 1 to %d of a-z, 0-9 and - (got %.80q)", maxRoomID, d.Room)
	}
	return nil
}

// WrapKey returns the key to which a key service wraps: an *rsa.PublicKey or an
// *ecdh.PublicKey of X25519.
func (d RuntimeData) WrapKey() (crypto.PublicKey, error) {
	if err := d.validate(fault.Unattested); err != nil {
		return nil, err
	}
	return d.Keys[0].wrap()
}

// EventKey returns the key that signs the room's events and outputs.
func (d RuntimeData) EventKey() (ed25519.PublicKey, error) {
	if err := d.validate(fault.Unattested); err != nil {
		return nil, err
	}
	return d.Keys[1].octets("Ed25519")
}

func (k JWK) wrap() (crypto.PublicKey, error) {
	switch k.KeyType {
	case "RSA":
		return k.rsa()
	case "OKP":
		x, err := k.octets("X25519")
		if err != nil {
			return nil, err
		}
		return ecdh.X25519().NewPublicKey(x)
	}
	return nil, fmt.Errorf("kty must be RSA, or OKP with crv X25519 (got %.20q)", k.KeyType)
}

func (k JWK) rsa() (crypto.PublicKey, error) {
	if k.Curve != "" || k.X != "" {
		return nil, fmt.Errorf("an RSA key has n and e alone")
	}
	n, err := unb64(k.N)
	if err != nil {
		return nil, fmt.Errorf("n: %w", err)
	}
	e, err := unb64(k.E)
	if err != nil {
		return nil, fmt.Errorf("e: %w", err)
	}
	if v := new(big.Int).SetBytes(e); !v.IsInt64() || v.Int64() != exponent || len(e) != 3 {
		return nil, fmt.Errorf("e must be %d", exponent)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: exponent}
	if bits := pub.N.BitLen(); !slices.Contains(wrapBits, bits) || bits != len(n)*8 {
		return nil, fmt.Errorf("n must have one of %v bits (got %d)", wrapBits, bits)
	}
	return pub, nil
}

// octets reads a key of RFC 8037; both curves have keys of one size.
func (k JWK) octets(curve string) ([]byte, error) {
	if k.KeyType != "OKP" || k.Curve != curve || k.N != "" || k.E != "" {
		return nil, fmt.Errorf("kty must be OKP, crv %s (got %.20q, %.20q)", curve, k.KeyType, k.Curve)
	}
	x, err := unb64(k.X)
	if err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	if len(x) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("x must be %d bytes (got %d)", ed25519.PublicKeySize, len(x))
	}
	return x, nil
}

func roomID(s string) bool {
	if s == "" || len(s) > maxRoomID {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }
