package keyrelease

import (
	"crypto"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"

	kwp "github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// WrapKey is the private half of a room's wrapping key: an *ecdh.PrivateKey of
// X25519 or an *rsa.PrivateKey.
type WrapKey interface {
	Public() crypto.PublicKey
}

// rsaBits gives the 128 bits of strength that the rest has.
const rsaBits = 3072

// NewHPKE makes a wrapping key for HPKE.
func NewHPKE() (WrapKey, error) { return ecdh.X25519().GenerateKey(rand.Reader) }

// NewRSA makes a wrapping key for CKM_RSA_AES_KEY_WRAP, which takes 0.1 to 0.6 s.
func NewRSA() (WrapKey, error) { return rsa.GenerateKey(rand.Reader, rsaBits) }

// suite is that of a wrapped key (RFC 9180), in mode base.
func suite() (hpke.KDF, hpke.AEAD) { return hpke.HKDFSHA256(), hpke.AES256GCM() }

// hpkeInfo keeps what is sealed to this key apart from anything else.
const hpkeInfo = "cleanroom/v1 wrapped key\x00"

// Wrap wraps key, of 16 to 8192 bytes, for the holder of pub, and leaves it as it is.
//
// To X25519 it is HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// AES-256-GCM: encapsulated key ‖ ciphertext. To RSA it is CKM_RSA_AES_KEY_WRAP (PKCS
// #11 v2.40, 2.1.21) with SHA-256: RSA-OAEP over a fresh AES-256 key, then AES-KWP (RFC
// 5649) of key under it.
func Wrap(pub crypto.PublicKey, key []byte) ([]byte, error) {
	const op = "keyrelease.wrap"
	if len(key) < 16 || len(key) > 8192 {
		return nil, fault.New(fault.Invalid, op, "a key of %d bytes, want 16 to 8192", len(key))
	}
	switch pub := pub.(type) {
	case *ecdh.PublicKey:
		if pub.Curve() != ecdh.X25519() {
			return nil, fault.New(fault.Invalid, op, "a key of %v, want X25519", pub.Curve())
		}
		to, err := hpke.NewDHKEMPublicKey(pub)
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "%w", err)
		}
		kdf, aead := suite()
		b, err := hpke.Seal(to, kdf, aead, []byte(hpkeInfo), key)
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "HPKE: %w", err)
		}
		return b, nil
	case *rsa.PublicKey:
		return wrapRSA(pub, key)
	}
	return nil, fault.New(fault.Invalid, op, "no wrapping key (%T)", pub)
}

func wrapRSA(pub *rsa.PublicKey, key []byte) ([]byte, error) {
	const op = "keyrelease.wrap"
	aes := make([]byte, KeySize)
	defer clear(aes)
	if _, err := rand.Read(aes); err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	outer, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, aes, nil)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "OAEP: %w", err)
	}
	w, err := kwp.NewKWP(aes)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	inner, err := w.Wrap(key)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	return append(outer, inner...), nil
}

// Unwrap undoes Wrap. Every failure is Tampered.
func Unwrap(priv WrapKey, wrapped []byte) (*secret.Bytes, error) {
	const op = "keyrelease.unwrap"
	var key []byte
	var err error
	switch priv := priv.(type) {
	case *ecdh.PrivateKey:
		key, err = unwrapHPKE(priv, wrapped)
	case *rsa.PrivateKey:
		key, err = unwrapRSA(priv, wrapped)
	default:
		return nil, fault.New(fault.Invalid, op, "no wrapping key (%T)", priv)
	}
	if err != nil {
		return nil, err
	}
	s, err := secret.New(key)
	if err != nil {
		clear(key)
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	return s, nil
}

func unwrapHPKE(priv *ecdh.PrivateKey, wrapped []byte) ([]byte, error) {
	const op = "keyrelease.unwrap"
	k, err := hpke.NewDHKEMPrivateKey(priv)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	kdf, aead := suite()
	key, err := hpke.Open(k, kdf, aead, []byte(hpkeInfo), wrapped)
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "HPKE: %w", err)
	}
	return key, nil
}

func unwrapRSA(priv *rsa.PrivateKey, wrapped []byte) ([]byte, error) {
	const op = "keyrelease.unwrap"
	size := priv.Size()
	if len(wrapped) <= size {
		return nil, fault.New(fault.Tampered, op, "%d bytes, want more than %d", len(wrapped), size)
	}
	aes, err := priv.Decrypt(nil, wrapped[:size], &rsa.OAEPOptions{Hash: crypto.SHA256})
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "OAEP: %w", err)
	}
	defer clear(aes)
	if len(aes) != KeySize {
		return nil, fault.New(fault.Tampered, op, "inner key of %d bytes, want %d", len(aes), KeySize)
	}
	w, err := kwp.NewKWP(aes)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	key, err := w.Unwrap(wrapped[size:])
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "%w", err)
	}
	return key, nil
}
