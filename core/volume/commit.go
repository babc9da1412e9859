package volume

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/sealing"
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
	Limit      int64 // bytes of plaintext that may leave; above 0; of an output, paths count too
}

// Committed is what left.
type Committed struct {
	Manifest string        // name of the manifest's object
	Digest   digest.SHA256 // of the manifest's bytes: what the audit names
	Files    int
	Bytes    int64 // of plaintext, counted as for Output.Limit
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
	dek, err := secret.Read(rand.Reader, sealed.KeySize)
	if err != nil {
		return Committed{}, fault.Wrap(op, err)
	}
	defer dek.Destroy()
	b := &sealing.Batch{Sink: o.Sink, Prefix: o.Prefix, Paths: o.Operation == opRelease}
	out, err := o.commit(ctx, b, dek)
	if err != nil {
		b.Clean(ctx)
		kind := fault.KindOf(err)
		if n := new(sealing.Named); errors.As(err, &n) {
			err = fmt.Errorf("a file of the application's: %w", n.Err) // whose name may hold data
		}
		return Committed{}, fault.New(kind, op, "%s: %w", o.SinkName, err)
	}
	return out, nil
}

func (o *Output) commit(ctx context.Context, b *sealing.Batch, dek *secret.Bytes) (Committed, error) {
	info := sealed.OutputInfo{Contract: o.Contract, Operation: o.Operation, Room: o.Room, Sink: o.SinkName}
	entries, err := b.Files(ctx, o.Dir, o.Limit, dek, info.FileContext)
	if err != nil {
		return Committed{}, err
	}
	out := Committed{Manifest: o.Prefix + "/" + ManifestName, Files: len(entries)}
	for i := range entries {
		out.Bytes += entries[i].Size
		if b.Paths {
			out.Bytes += int64(len(entries[i].Path))
		}
	}
	manifest, d, err := sealed.SealOutputManifest(&sealed.Output{OutputInfo: info, Entries: entries}, dek, o.Recipients, o.Signer)
	if err != nil {
		return Committed{}, err
	}
	out.Digest = d
	return out, b.Publish(ctx, out.Manifest, manifest)
}
