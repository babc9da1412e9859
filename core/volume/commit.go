package volume

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// ManifestName is the manifest's name under an output's prefix.
const ManifestName = "manifest"

// Output is what a commit takes.
type Output struct {
	Operation  string // output.release, or logs.export for console logs
	Dir        string // whose regular files leave
	Sink       Sink
	SinkName   string   // as the specification names it
	Prefix     string   // of the objects' names
	Recipients [][]byte // X25519 public keys; at least one
	Signer     ed25519.PrivateKey
	Contract   digest.SHA256
	Room       string
	Limit      int64 // bytes of plaintext that may leave; above 0
}

func (o *Output) info() sealed.OutputInfo {
	return sealed.OutputInfo{Contract: o.Contract, Operation: o.Operation, Room: o.Room, Sink: o.SinkName}
}

// Committed is what left.
type Committed struct {
	Manifest string        // name of the manifest's object
	Digest   digest.SHA256 // of the manifest's bytes: what the audit names
	Files    int
	Bytes    int64 // of plaintext
}

// Commit seals every file of o.Dir into the sink and then, by one conditional
// write of the manifest, makes them all visible. The permit must be for
// o.Operation on o.SinkName. The application must have ended. Anything but
// regular files within the limit is Denied; so is a place that is taken already.
// On any error nothing is visible, and what was stored is deleted again.
func Commit(ctx context.Context, p permit.Permit, o Output) (Committed, error) {
	const op = "volume.commit"
	if o.Operation != opRelease && o.Operation != opLogs {
		return Committed{}, fault.New(fault.Denied, op, "no operation %q lets data out", o.Operation)
	}
	if err := p.Check(o.Operation, o.SinkName); err != nil {
		return Committed{}, err
	}
	if o.Sink == nil || o.Limit <= 0 || sealed.CheckPath(o.Prefix) != nil {
		return Committed{}, fault.New(fault.Invalid, op, "%s: needs a sink, a prefix and a limit above 0", o.SinkName)
	}
	t, err := openTree(o.Dir)
	if err != nil {
		return Committed{}, err
	}
	defer t.close()
	files, err := t.files(o.Limit)
	if err != nil {
		return Committed{}, fault.Wrap(op, err)
	}
	dek, err := secret.Read(rand.Reader, sealed.KeySize)
	if err != nil {
		return Committed{}, fault.Wrap(op, err)
	}
	defer dek.Destroy()

	u := &upload{sink: o.Sink, prefix: o.Prefix, retry: standard}
	entries, err := u.files(ctx, t, files, dek, o.info())
	var out Committed
	if err == nil {
		out, err = u.manifest(ctx, &o, entries, dek)
	}
	if err != nil {
		u.clean(ctx)
		return Committed{}, fault.New(fault.KindOf(err), op, "%s: %w", o.SinkName, err)
	}
	return out, nil
}

// manifest makes the output visible.
func (u *upload) manifest(ctx context.Context, o *Output, entries []sealed.Entry, dek *secret.Bytes) (Committed, error) {
	out := Committed{Manifest: o.Prefix + "/" + ManifestName, Files: len(entries)}
	for i := range entries {
		out.Bytes += entries[i].Size
	}
	b, d, err := sealed.SealOutputManifest(&sealed.Output{OutputInfo: o.info(), Entries: entries}, dek, o.Recipients, o.Signer)
	if err != nil {
		return Committed{}, err
	}
	out.Digest = d
	return out, u.create(ctx, out.Manifest, b)
}

// blobName is random, so it says nothing of the file and meets no other.
func blobName(prefix string) (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return prefix + "/" + hex.EncodeToString(b), nil
}
