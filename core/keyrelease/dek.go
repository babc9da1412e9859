package keyrelease

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// DEKContext is the associated data under which a dataset version's DEK is
// wrapped: a label, the name's length, the name, the version; numbers are 8 bytes,
// big-endian. A wrapped DEK fits no other dataset and no other version.
func DEKContext(dataset string, version uint64) []byte {
	b := []byte("cleanroom/v1 dek\x00")
	b = binary.BigEndian.AppendUint64(b, uint64(len(dataset)))
	b = append(b, dataset...)
	return binary.BigEndian.AppendUint64(b, version)
}

// WrapDEK seals dek under kek by AES-256-GCM: a random 12-byte nonce, then
// ciphertext and tag. That is the raw output of Tink's AES256_GCM, so a provider
// can make it with any Tink library.
func WrapDEK(kek, dek *secret.Bytes, aad []byte) ([]byte, error) {
	const op = "keyrelease.wrapdek"
	if dek.Len() != KeySize || len(aad) == 0 {
		return nil, fault.New(fault.Invalid, op, "needs a DEK of %d bytes and its context", KeySize)
	}
	var out []byte
	err := withGCM(kek, func(gcm cipher.AEAD) error {
		out = make([]byte, gcm.NonceSize(), gcm.NonceSize()+KeySize+gcm.Overhead())
		if _, err := rand.Read(out); err != nil {
			return err
		}
		return dek.Use(func(d []byte) error {
			out = gcm.Seal(out, out, d, aad)
			return nil
		})
	})
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	return out, nil
}

// UnwrapDEK undoes WrapDEK. Another KEK, other associated data or changed bytes are Tampered.
func UnwrapDEK(kek *secret.Bytes, wrapped, aad []byte) (*secret.Bytes, error) {
	const op = "keyrelease.unwrapdek"
	if len(aad) == 0 {
		return nil, fault.New(fault.Invalid, op, "no context")
	}
	var dek *secret.Bytes
	err := withGCM(kek, func(gcm cipher.AEAD) error {
		if want := gcm.NonceSize() + KeySize + gcm.Overhead(); len(wrapped) != want {
			return fault.New(fault.Tampered, op, "%d bytes, want %d", len(wrapped), want)
		}
		plain, err := gcm.Open(nil, wrapped[:gcm.NonceSize()], wrapped[gcm.NonceSize():], aad)
		if err != nil {
			return fault.New(fault.Tampered, op, "not wrapped under this key for this dataset and version")
		}
		dek, err = secret.New(plain)
		return err
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return dek, nil
}

func withGCM(kek *secret.Bytes, f func(cipher.AEAD) error) error {
	if kek.Len() != KeySize {
		return fault.New(fault.Invalid, "kek", "%d bytes, want %d", kek.Len(), KeySize)
	}
	return kek.Use(func(k []byte) error {
		block, err := aes.NewCipher(k)
		if err != nil {
			return err
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return err
		}
		return f(gcm)
	})
}
