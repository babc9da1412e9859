package dataset

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Types of key files: docs/formats/keys.md.
const (
	kekType  = "cleanroom/kek/v1"
	signType = "cleanroom/sign-key/v1"
	sealType = "cleanroom/seal-key/v1"
)

// keyFile is any key file. A field that its type does not have is empty.
type keyFile struct {
	Type     string `json:"type"`
	Platform string `json:"platform,omitempty"` // of a KEK: snp or simulated
	Public   []byte `json:"public,omitempty"`
	Secret   []byte `json:"secret"` // 32 bytes: AES-256 key, Ed25519 seed or X25519 private key
}

const maxKeyFile = 4096 // bytes

func checkPlatform(platform string) error {
	if platform != "snp" && platform != "simulated" {
		return fault.New(fault.Invalid, "dataset.key", "platform: must be snp or simulated (got %.40q)", platform)
	}
	return nil
}

// NewKEK makes a KEK for rooms of one platform and writes it to a new file. A KEK
// for simulated rooms never serves others.
func NewKEK(path, platform string) error {
	if err := checkPlatform(platform); err != nil {
		return err
	}
	k := make([]byte, sealed.KeySize)
	defer clear(k)
	if _, err := rand.Read(k); err != nil {
		return fault.Wrap("dataset.key", err)
	}
	return writeKey(path, keyFile{Type: kekType, Platform: platform, Secret: k})
}

// ReadKEK reads what NewKEK wrote, and says for which platform it is.
func ReadKEK(path string) (kek *secret.Bytes, platform string, err error) {
	k, err := readKey(path, kekType)
	if err != nil {
		return nil, "", err
	}
	if err := checkPlatform(k.Platform); err != nil || len(k.Public) != 0 {
		return nil, "", fault.New(fault.Invalid, "dataset.key", "%s: is not a KEK's file (%v)", path, err)
	}
	kek, err = secret.New(k.Secret)
	return kek, k.Platform, fault.Wrap("dataset.key", err)
}

// NewSignKey makes an Ed25519 key pair, writes it to a new file and returns the
// public key, which a specification names.
func NewSignKey(path string) (ed25519.PublicKey, error) {
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fault.Wrap("dataset.key", err)
	}
	defer clear(private)
	return pub, writeKey(path, keyFile{Type: signType, Public: pub, Secret: private.Seed()})
}

// ReadSignKey reads what NewSignKey wrote.
func ReadSignKey(path string) (ed25519.PrivateKey, error) {
	k, err := readKey(path, signType)
	if err != nil {
		return nil, err
	}
	defer clear(k.Secret)
	private := ed25519.NewKeyFromSeed(k.Secret)
	if !private.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(k.Public)) || k.Platform != "" {
		return nil, fault.New(fault.Invalid, "dataset.key", "%s: public and secret key are not a pair", path)
	}
	return private, nil
}

// NewSealKey makes a recipient's X25519 key pair, writes it to a new file and
// returns the public key, which a specification names.
func NewSealKey(path string) ([]byte, error) {
	private, pub, err := sealed.NewSealKey()
	if err != nil {
		return nil, err
	}
	defer private.Destroy()
	err = private.Use(func(b []byte) error {
		return writeKey(path, keyFile{Type: sealType, Public: pub, Secret: b})
	})
	return pub, err
}

// ReadSealKey reads what NewSealKey wrote.
func ReadSealKey(path string) (private *secret.Bytes, public []byte, err error) {
	k, err := readKey(path, sealType)
	if err != nil {
		return nil, nil, err
	}
	if len(k.Public) != 32 || k.Platform != "" {
		return nil, nil, fault.New(fault.Invalid, "dataset.key", "%s: has no public key of 32 bytes", path)
	}
	private, err = secret.New(k.Secret)
	return private, k.Public, fault.Wrap("dataset.key", err)
}

// writeKey writes a file that did not exist, for its owner alone.
func writeKey(path string, k keyFile) error {
	const op = "dataset.key"
	b, err := canonical.Marshal(k)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer clear(b)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, op, "%w", err)
	}
	_, err = f.Write(b)
	return fault.Wrap(op, errors.Join(err, f.Sync(), f.Close()))
}

// readKey refuses a file that others can read: its key is no secret any more.
func readKey(path, kind string) (keyFile, error) {
	const op = "dataset.key"
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return keyFile{}, fault.New(fault.NotFound, op, "%w", err)
	case err != nil:
		return keyFile{}, fault.New(fault.Invalid, op, "%w", err)
	case !st.Mode().IsRegular() || st.Size() > maxKeyFile:
		return keyFile{}, fault.New(fault.Invalid, op, "%s: is not a key file", path)
	case st.Mode().Perm()&0o077 != 0:
		return keyFile{}, fault.New(fault.Denied, op, "%s: others may use it (mode %04o): chmod 600, or better make a new key", path, st.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return keyFile{}, fault.New(fault.Invalid, op, "%w", err)
	}
	defer clear(b)
	var k keyFile
	if err := canonical.Unmarshal(b, &k); err != nil {
		return keyFile{}, fault.New(fault.Invalid, op, "%s: is not a key file in canonical form", path) // the cause could show a part of it
	}
	if k.Type != kind || len(k.Secret) != sealed.KeySize {
		return keyFile{}, fault.New(fault.Invalid, op, "%s: is of type %.40q, want %s with 32 bytes", path, k.Type, kind)
	}
	return k, nil
}
