package sealed

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// The one suite of envelopes (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, mode base.
func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.DHKEM(ecdh.X25519()), hpke.HKDFSHA256(), hpke.AES256GCM()
}

const maxRecipients = 64

type envelope struct {
	Recipients []envelopeFor `json:"recipients"`
}

type envelopeFor struct {
	Key    []byte `json:"key"`    // the recipient's X25519 public key
	Sealed []byte `json:"sealed"` // encapsulated key ‖ ciphertext
}

// Envelope seals the DEK to each X25519 public key, bound to info. Nobody is not
// a recipient: an empty list, or a key that is there twice, is Invalid.
func Envelope(dek *secret.Bytes, recipients [][]byte, info []byte) ([]byte, error) {
	const op = "sealed.envelope"
	if len(recipients) == 0 || len(recipients) > maxRecipients {
		return nil, fault.New(fault.Invalid, op, "%d recipients, want 1 to %d", len(recipients), maxRecipients)
	}
	kem, kdf, aead := suite()
	var e envelope
	for i, key := range recipients {
		for _, other := range recipients[:i] {
			if bytes.Equal(key, other) {
				return nil, fault.New(fault.Invalid, op, "recipient %d is there twice", i)
			}
		}
		pub, err := kem.NewPublicKey(key)
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "recipient %d: %w", i, err)
		}
		var sealed []byte
		if err := dek.Use(func(k []byte) error {
			sealed, err = hpke.Seal(pub, kdf, aead, info, k)
			return err
		}); err != nil {
			return nil, fault.New(fault.Invalid, op, "recipient %d: %w", i, err)
		}
		e.Recipients = append(e.Recipients, envelopeFor{key, sealed})
	}
	b, err := canonical.Marshal(e)
	return b, fault.Wrap(op, err)
}

// OpenEnvelope gives the DEK to the holder of one of the private keys: Denied to
// any other, Tampered where the envelope is not as it was made, or not for info.
func OpenEnvelope(b []byte, private *secret.Bytes, info []byte) (*secret.Bytes, error) {
	const op = "sealed.envelope"
	var e envelope
	if err := canonical.Unmarshal(b, &e); err != nil {
		return nil, fault.New(fault.Tampered, op, "%w", err)
	}
	kem, kdf, aead := suite()
	var key hpke.PrivateKey
	if err := private.Use(func(k []byte) (err error) {
		key, err = kem.NewPrivateKey(k)
		return err
	}); err != nil {
		return nil, fault.New(fault.Invalid, op, "private key: %w", err)
	}
	mine := key.PublicKey().Bytes()
	for _, r := range e.Recipients {
		if !bytes.Equal(r.Key, mine) {
			continue
		}
		dek, err := hpke.Open(key, kdf, aead, info, r.Sealed)
		if err != nil {
			return nil, fault.New(fault.Tampered, op, "is not what was sealed to this key")
		}
		if len(dek) != KeySize {
			clear(dek)
			return nil, fault.New(fault.Tampered, op, "holds %d bytes, want %d", len(dek), KeySize)
		}
		return secret.New(dek)
	}
	return nil, fault.New(fault.Denied, op, "is not sealed to this key")
}

// NewSealKey makes the X25519 key pair of a recipient.
func NewSealKey() (private *secret.Bytes, public []byte, err error) {
	kem, _, _ := suite()
	key, err := kem.GenerateKey()
	if err != nil {
		return nil, nil, fault.Wrap("sealed.key", err)
	}
	b, err := key.Bytes()
	if err != nil {
		return nil, nil, fault.Wrap("sealed.key", err)
	}
	private, err = secret.New(b)
	return private, key.PublicKey().Bytes(), fault.Wrap("sealed.key", err)
}
