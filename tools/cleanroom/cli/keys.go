package cli

import (
	"crypto/ed25519"
	"errors"
	"os"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// keyFault makes a key file that is not there what any unreadable file is: Invalid.
func keyFault(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Invalid, "read", "%w", err)
	}
	return err
}

func readSigner(path string) (ed25519.PrivateKey, error) {
	k, err := dataset.ReadSignKey(path)
	return k, keyFault(err)
}

func readKEK(path string) (*secret.Bytes, string, error) {
	k, platform, err := dataset.ReadKEK(path)
	return k, platform, keyFault(err)
}

// party reads NAME=KEY, or NAME=@FILE whose text is the key.
func party(io Streams, text string) (api.Party, error) {
	name, file, ok := strings.Cut(text, "=@")
	if ok {
		b, err := readFile(io, file)
		if err != nil {
			return api.Party{}, err
		}
		text = name + "=" + strings.TrimSpace(string(b))
	}
	return governance.ParseParty(text)
}

// private refuses a file with a secret that others than its owner may use.
func private(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return unreadable(path, err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fault.New(fault.Denied, "read", "%s: others may use it (mode %04o): chmod 600, or better make a new one", path, st.Mode().Perm())
	}
	return nil
}

// create writes a file that was not there.
func create(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fault.New(fault.Invalid, "write", "%w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return fault.New(fault.Unavailable, "write", "%s: %w", path, err)
	}
	return nil
}
