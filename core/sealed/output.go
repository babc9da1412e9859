package sealed

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"io"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

const outputDomain = "cleanroom/output/v1"

// OutputInfo says where an output comes from.
type OutputInfo struct {
	Contract  digest.SHA256 `json:"contract"`
	Operation string        `json:"operation"` // under which it left: output.release or logs.export
	Room      string        `json:"room"`
	Sink      string        `json:"sink"` // as the specification names it
}

// Output is what a room released at once.
type Output struct {
	OutputInfo
	Entries []Entry
}

// outputHead is the clear first line of an output manifest.
type outputHead struct {
	Type string `json:"type"`
	OutputInfo
	Entries  int64  `json:"entries"`
	Envelope []byte `json:"envelope"`
}

func (h outputHead) check() error {
	if h.Type != outputDomain || h.Contract.IsZero() || h.Entries < 0 || len(h.Envelope) == 0 {
		return fault.New(fault.Invalid, "sealed.manifest", "%.40q with %d entries, contract %q", h.Type, h.Entries, h.Contract)
	}
	return h.OutputInfo.check()
}

func (i OutputInfo) check() error {
	for what, name := range map[string]string{"room": i.Room, "sink": i.Sink, "operation": i.Operation} {
		if err := checkName(what, name); err != nil {
			return err
		}
	}
	return nil
}

// FileContext returns the associated data of an output's file.
func (i OutputInfo) FileContext(path string) []byte {
	return append(i.context("file"), path...)
}

func (i OutputInfo) context(use string) []byte {
	return []byte(outputDomain + "\n" + use + "\n" + i.Contract.String() + "\n" + i.Room + "\n" + i.Operation + "\n" + i.Sink + "\n")
}

// SealOutputManifest signs the list of an output with the room's key, seals it
// under the DEK, and puts the DEK before it, enveloped to the recipients. Until
// these bytes leave, nobody outside can open the files.
func SealOutputManifest(o *Output, dek *secret.Bytes, recipients [][]byte, signer ed25519.PrivateKey) ([]byte, digest.SHA256, error) {
	const op = "sealed.manifest"
	if len(signer) != ed25519.PrivateKeySize {
		return nil, digest.SHA256{}, fault.New(fault.Invalid, op, "no signing key")
	}
	env, err := Envelope(dek, recipients, o.context("envelope"))
	if err != nil {
		return nil, digest.SHA256{}, err
	}
	head := outputHead{outputDomain, o.OutputInfo, int64(len(o.Entries)), env}
	if err := head.check(); err != nil {
		return nil, digest.SHA256{}, err
	}
	if err := checkEntries(o.Entries); err != nil {
		return nil, digest.SHA256{}, err
	}
	var out bytes.Buffer
	l := &listWriter{&out, sha256.New()}
	if err := l.line(head); err != nil {
		return nil, digest.SHA256{}, fault.Wrap(op, err)
	}
	w, err := NewWriter(&out, dek, o.context("list"))
	if err != nil {
		return nil, digest.SHA256{}, err
	}
	l.w = w // the head stays in the hash, so the signature covers it
	if err := l.finish(outputDomain, o.Entries, signer); err != nil {
		return nil, digest.SHA256{}, fault.Wrap(op, err)
	}
	if err := w.Close(); err != nil {
		return nil, digest.SHA256{}, err
	}
	return out.Bytes(), digest.Of(out.Bytes()), nil
}

// OpenOutputManifest opens what SealOutputManifest made, for a recipient, and
// returns the DEK of its files too. Anything but the manifest with the digest
// that the audit names, signed by the room's key, of this contract, is Tampered.
func OpenOutputManifest(object []byte, private *secret.Bytes, signer ed25519.PublicKey, want, contract digest.SHA256) (*Output, *secret.Bytes, error) {
	if err := expected(object, signer, want); err != nil {
		return nil, nil, err
	}
	end := bytes.IndexByte(object, '\n')
	if end < 0 {
		return nil, nil, damaged("has no first line")
	}
	var head outputHead
	if err := canonical.Unmarshal(object[:end], &head); err != nil {
		return nil, nil, damaged("%w", err)
	}
	if err := head.check(); err != nil {
		return nil, nil, damaged("%w", err)
	}
	if !head.Contract.Equal(contract) {
		return nil, nil, damaged("is of contract %s, want %s", head.Contract, contract)
	}
	dek, err := OpenEnvelope(head.Envelope, private, head.context("envelope"))
	if err != nil {
		return nil, nil, err
	}
	entries, err := openOutputList(object, end+1, head, dek, signer)
	if err != nil {
		dek.Destroy()
		return nil, nil, err
	}
	return &Output{head.OutputInfo, entries}, dek, nil
}

func openOutputList(object []byte, start int, head outputHead, dek *secret.Bytes, signer ed25519.PublicKey) ([]Entry, error) {
	body := memory(object[start:])
	r, err := NewReader(body, int64(len(body)), dek, head.context("list"))
	if err != nil {
		return nil, err
	}
	l := newListReader(io.NewSectionReader(r, 0, r.Size()))
	l.h.Write(object[:start])
	return l.finish(outputDomain, head.Entries, signer)
}
