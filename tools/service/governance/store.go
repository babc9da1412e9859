// Package governance is the service at which parties agree on contracts, switch consent
// on and off, and find what every room did: parties, proposals, signed votes and switches,
// and one append-only log on transparency-dev/tessera that is the only state. It answers
// yes only for a contract that every party agreed to and whose every party's switch for the
// operation is on. It never forgets or changes what it confirmed, never sees data or data
// keys, and does not judge evidence: whoever reads a trail does.
package governance

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/mod/sumdb/note"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// The service's folder.
const (
	keyFile        = "key.pem"        // signs answers and receipts; PKCS #8
	checkpointFile = "checkpoint.key" // signs checkpoints; note format
	partiesFile    = "parties.json"   // written last: a folder that has it is initialised
	lockFile       = "lock"
	documentsDir   = "documents" // by digest
	logDir         = "log"
)

// maxParties bounds a service's parties; their names become JSON keys and messages.
const maxParties = 64

type store struct {
	dir        string
	lock       *os.File
	key        ed25519.PrivateKey
	checkpoint note.Signer
	verifier   string // of checkpoints, in note format
	parties    []api.Party
}

// Init makes a new service in dir, which must be empty or absent, with keys of its own. A
// folder that was initialised with the same parties is left as it is; with others it is
// Invalid. There is no way to change the parties later.
func Init(dir string, parties []api.Party) error {
	const op = "governance.init"
	want, err := encodeParties(parties)
	if err != nil {
		return err
	}
	have, err := os.ReadFile(filepath.Join(dir, partiesFile))
	switch {
	case err == nil && bytes.Equal(have, want):
		return nil
	case err == nil:
		return fault.New(fault.Invalid, op, "%s is initialised with other parties", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Internal, op, "%w", err)
	}
	for _, d := range []string{dir, filepath.Join(dir, documentsDir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fault.New(fault.Invalid, op, "%w", err)
		}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	name := "cleanroom-governance/" + digest.Of(key.Public().(ed25519.PublicKey)).Hex()[:16]
	signer, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	for _, f := range []struct {
		name string
		b    []byte
	}{
		{keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})},
		{checkpointFile, []byte(signer + "\n" + verifier + "\n")},
		{partiesFile, want},
	} {
		if err := writeDurable(filepath.Join(dir, f.name), f.b); err != nil {
			return fault.New(fault.Internal, op, "%w", err)
		}
	}
	return nil
}

func encodeParties(parties []api.Party) ([]byte, error) {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.parties", format, args...)
	}
	if len(parties) == 0 || len(parties) > maxParties {
		return nil, bad("needs 1 to %d parties (got %d)", maxParties, len(parties))
	}
	sorted := slices.SortedFunc(slices.Values(parties), func(a, b api.Party) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range sorted {
		switch {
		case p.Name == "" || len(p.Name) > 63 || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return nil, bad("%.40q: a name has 1 to 63 lower-case letters, digits and dashes", p.Name)
		case len(p.Key) != ed25519.PublicKeySize:
			return nil, bad("%s: the key must be an Ed25519 public key of %d bytes (got %d)", p.Name, ed25519.PublicKeySize, len(p.Key))
		case i > 0 && sorted[i-1].Name == p.Name:
			return nil, bad("%s: is there twice", p.Name)
		case slices.ContainsFunc(sorted[:i], func(o api.Party) bool { return bytes.Equal(o.Key, p.Key) }):
			return nil, bad("%s: has the key of another party", p.Name)
		}
	}
	return canonical.Marshal(sorted)
}

// openStore reads an initialised folder and locks it: one service per folder.
func openStore(dir string) (_ *store, err error) {
	const op = "governance.open"
	s := &store{dir: dir}
	b, err := os.ReadFile(filepath.Join(dir, partiesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, op, "%s is not initialised", dir)
	} else if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	if err := canonical.Unmarshal(b, &s.parties); err != nil {
		return nil, fault.New(fault.Tampered, op, "%s: %w", partiesFile, err)
	}
	if again, err := encodeParties(s.parties); err != nil || !bytes.Equal(again, b) {
		return nil, fault.New(fault.Tampered, op, "%s is not as it was written", partiesFile)
	}
	if s.key, err = readKey(filepath.Join(dir, keyFile)); err != nil {
		return nil, err
	}
	if b, err = os.ReadFile(filepath.Join(dir, checkpointFile)); err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	signer, verifier, _ := strings.Cut(strings.TrimSuffix(string(b), "\n"), "\n")
	s.verifier = verifier
	if s.checkpoint, err = note.NewSigner(signer); err != nil {
		return nil, fault.New(fault.Tampered, op, "%s: %w", checkpointFile, err)
	}
	if s.lock, err = os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		s.lock.Close()
		return nil, fault.New(fault.Unavailable, op, "another service runs in %s: %w", dir, err)
	}
	return s, nil
}

func readKey(path string) (ed25519.PrivateKey, error) {
	const op = "governance.open"
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Internal, op, "%w", err)
	}
	block, rest := pem.Decode(b)
	if block == nil || len(rest) != 0 {
		return nil, fault.New(fault.Tampered, op, "%s is not one PEM block", keyFile)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "%s: %w", keyFile, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fault.New(fault.Tampered, op, "%s is no Ed25519 key", keyFile)
	}
	return key, nil
}

func (s *store) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// putDocument keeps b under its digest, durably.
func (s *store) putDocument(b []byte) error {
	path := filepath.Join(s.dir, documentsDir, digest.Of(b).Hex())
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
		return nil
	}
	return writeDurable(path, b)
}

// document returns the bytes whose digest is d: NotFound, or Tampered if they have changed.
func (s *store) document(d digest.SHA256) ([]byte, error) {
	const op = "governance.document"
	b, err := os.ReadFile(filepath.Join(s.dir, documentsDir, d.Hex()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, op, "%s is not known", d)
	} else if err != nil {
		return nil, fault.New(fault.Internal, op, "read %s: %w", d, errors.Unwrap(err))
	}
	if !d.Equal(digest.Of(b)) {
		return nil, fault.New(fault.Tampered, op, "the bytes kept as %s have another digest", d)
	}
	return b, nil
}

// writeDurable puts b at path, whole or not at all, and on disk when it returns.
func writeDurable(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
