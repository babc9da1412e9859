package keyrelease

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"

	kwp "github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Wrap wraps key for the holder of pub by CKM_RSA_AES_KEY_WRAP (PKCS #11 v2.40,
// 2.1.21) with SHA-256: RSA-OAEP over a fresh AES-256 key, then AES-KWP (RFC 5649)
// of key under it. key must have 16 to 8192 bytes; it is left as it is.
func Wrap(pub *rsa.PublicKey, key []byte) ([]byte, error) {
	const op = "keyrelease.wrap"
	if pub == nil || pub.N == nil {
		return nil, fault.New(fault.Invalid, op, "no wrapping key")
	}
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
func Unwrap(priv *rsa.PrivateKey, wrapped []byte) (*secret.Bytes, error) {
	const op = "keyrelease.unwrap"
	if priv == nil {
		return nil, fault.New(fault.Invalid, op, "no wrapping key")
	}
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
	s, err := secret.New(key)
	if err != nil {
		clear(key)
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	return s, nil
}
