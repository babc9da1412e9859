package sealed

import (
	"bufio"
	"bytes"
	"context"
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

// Output is what a room released at once. Only OpenOutputManifest makes one.
type Output struct {
	OutputInfo
	*Entries
}

// OutputPin is what an output's manifest is compared with. Nothing in it may be missing.
type OutputPin struct {
	Contract digest.SHA256
	Digest   digest.SHA256     // of the object: the audit names it
	Signer   ed25519.PublicKey // the room's event key
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

// NewOutputWriter begins an output's manifest of so many entries on w: signed with the
// room's key, sealed under the DEK, and before it the DEK, enveloped to the recipients.
// Until these bytes leave, nobody outside can open the files.
func NewOutputWriter(w io.Writer, i OutputInfo, entries int64, dek *secret.Bytes, recipients [][]byte, signer ed25519.PrivateKey) (*ListWriter, error) {
	const op = "sealed.manifest"
	l, err := newListWriter(outputDomain, entries, 0, signer)
	if err != nil {
		return nil, err
	}
	env, err := Envelope(dek, recipients, i.context("envelope"))
	if err != nil {
		return nil, err
	}
	head := outputHead{outputDomain, i, entries, env}
	if err := head.check(); err != nil {
		return nil, err
	}
	clear, err := canonical.Marshal(head)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	// The signature covers the head too.
	if _, err := io.MultiWriter(w, l.object, l.lines).Write(append(clear, '\n')); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return l, l.begin(w, dek, i.context("list"))
}

// OpenOutputManifest opens the manifest of size bytes at src for a recipient, as
// OpenManifest does, and returns the DEK of its files too. Anything but the manifest
// with the pinned digest, signed by the room's key, of this contract, is Tampered;
// another's is Denied.
func OpenOutputManifest(ctx context.Context, src RangeReader, size int64, private *secret.Bytes, pin OutputPin) (*Output, *secret.Bytes, error) {
	if err := expected(pin.Digest, pin.Signer); err != nil {
		return nil, nil, err
	}
	if err := pinned(ctx, src, size, pin.Digest); err != nil {
		return nil, nil, err
	}
	first := make([]byte, min(max(size, 0), maxLine))
	if err := src.ReadRange(ctx, 0, first); err != nil {
		return nil, nil, fault.Wrap("sealed.manifest", err)
	}
	end := bytes.IndexByte(first, '\n')
	if end < 0 {
		return nil, nil, damaged("has no first line")
	}
	var head outputHead
	if err := canonical.Unmarshal(first[:end], &head); err != nil {
		return nil, nil, damaged("%w", err)
	}
	if err := head.check(); err != nil {
		return nil, nil, damaged("%w", err)
	}
	if !head.Contract.Equal(pin.Contract) {
		return nil, nil, damaged("is of contract %s, want %s", head.Contract, pin.Contract)
	}
	dek, err := OpenEnvelope(head.Envelope, private, head.context("envelope"))
	if err != nil {
		return nil, nil, err
	}
	entries, err := openOutputList(ctx, src, first[:end+1], size, head, dek, pin)
	if err != nil {
		dek.Destroy()
		return nil, nil, err
	}
	return &Output{head.OutputInfo, entries}, dek, nil
}

// pinned reads the object once before anything of it is believed: its first line is clear,
// and a changed one would be taken for another recipient's.
func pinned(ctx context.Context, src RangeReader, size int64, want digest.SHA256) error {
	h, buf := sha256.New(), make([]byte, min(chunk, max(0, size)))
	for off := int64(0); off < size; {
		p := buf[:min(chunk, size-off)]
		if err := src.ReadRange(ctx, off, p); err != nil {
			return fault.Wrap("sealed.manifest", err)
		}
		h.Write(p)
		off += int64(len(p))
	}
	if got := digest.FromHash(h); !got.Equal(want) {
		return damaged("is %s, pinned is %s", got, want)
	}
	return nil
}

func openOutputList(ctx context.Context, src RangeReader, clear []byte, size int64, head outputHead, dek *secret.Bytes, pin OutputPin) (*Entries, error) {
	start := int64(len(clear))
	s := &scan{src: src, start: start, size: size - start, dek: dek, context: head.context("list"), object: sha256.New()}
	s.object.Write(clear)
	defer s.begin(ctx)()
	l := &lines{r: bufio.NewReaderSize(s, 2*maxLine), hash: sha256.New()}
	l.hash.Write(clear)
	return scanned(s, l, head.Entries, 0, outputDomain, pin.Signer, pin.Digest)
}
