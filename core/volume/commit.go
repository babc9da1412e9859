package volume

import (
	"bytes"
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

// Committing is a commit that may take more than one call. It holds the key of
// the output, and what it knows of the objects, about 300 bytes for each file and
// the manifest. Its methods are called one at a time.
type Committing struct {
	out      Output
	batch    sealing.Batch
	dek      *secret.Bytes
	manifest []byte // sealed once, so that a later call knows it again
	done     Committed
	visible  bool
}

// Begin prepares a commit, and touches neither the folder nor the sink. Close ends it.
func Begin(o Output) (*Committing, error) {
	const op = "volume.commit"
	if o.Operation != opRelease && o.Operation != opLogs {
		return nil, fault.New(fault.Denied, op, "no operation %q lets data out", o.Operation)
	}
	if o.Sink == nil || o.Limit <= 0 || sealed.CheckPath(o.Prefix) != nil {
		return nil, fault.New(fault.Invalid, op, "%s: needs a sink, a prefix and a limit above 0", o.SinkName)
	}
	dek, err := secret.Read(rand.Reader, sealed.KeySize)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	c := &Committing{out: o, dek: dek}
	c.batch.Sink, c.batch.Prefix, c.batch.Paths = o.Sink, o.Prefix, o.Operation == opRelease
	return c, nil
}

// Commit seals every file of the folder into the sink and then, by one conditional
// write of the manifest, makes them all visible. The permit must be for the
// output's operation on its sink. The application must have ended. Anything but
// regular files within the limit is Denied; so is a place that is taken already.
//
// After Unavailable it may be called again, and goes on with what is stored. If it
// was the answer to the last write that was lost, and the sink can be read, the
// output is found there. Once visible, every call returns the same.
func (c *Committing) Commit(ctx context.Context, p permit.Permit) (Committed, error) {
	if err := p.Check(c.out.Operation, c.out.SinkName); err != nil {
		return Committed{}, err
	}
	if c.visible {
		return c.done, nil
	}
	if err := c.commit(ctx); err != nil {
		kind := fault.KindOf(err)
		if n := new(sealing.Named); errors.As(err, &n) {
			err = fmt.Errorf("a file of the application's: %w", n.Err) // whose name may hold data
		}
		return Committed{}, fault.New(kind, "volume.commit", "%s: %w", c.out.SinkName, err)
	}
	c.visible = true
	return c.done, nil
}

func (c *Committing) commit(ctx context.Context) error {
	if c.manifest == nil {
		if err := c.seal(ctx); err != nil {
			return err
		}
	}
	return c.batch.Publish(ctx, c.done.Manifest, c.manifest)
}

// seal stores the files, and makes the manifest.
func (c *Committing) seal(ctx context.Context) error {
	o := &c.out
	info := sealed.OutputInfo{Contract: o.Contract, Operation: o.Operation, Room: o.Room, Sink: o.SinkName}
	entries, err := c.batch.Files(ctx, o.Dir, o.Limit, c.dek, info.FileContext)
	if err != nil {
		return err
	}
	done := Committed{Manifest: o.Prefix + "/" + ManifestName, Files: len(entries)}
	for i := range entries {
		done.Bytes += entries[i].Size
		if c.batch.Paths {
			done.Bytes += int64(len(entries[i].Path))
		}
	}
	var manifest bytes.Buffer
	list, err := sealed.NewOutputWriter(&manifest, info, int64(len(entries)), c.dek, o.Recipients, o.Signer)
	if err != nil {
		return err
	}
	for i := range entries {
		if err := list.Add(&entries[i]); err != nil {
			return err
		}
	}
	if done.Digest, err = list.Close(); err != nil {
		return err
	}
	c.done, c.manifest = done, manifest.Bytes()
	return nil
}

// Close destroys the key. What is stored and not visible is deleted again, unless
// the manifest may be there: then it stays, so that what is visible is whole.
func (c *Committing) Close(ctx context.Context) {
	c.batch.Clean(ctx)
	c.dek.Destroy()
}

// Commit is one call of Begin, Committing.Commit and Close.
func Commit(ctx context.Context, p permit.Permit, o Output) (Committed, error) {
	c, err := Begin(o)
	if err != nil {
		return Committed{}, err
	}
	defer c.Close(ctx)
	return c.Commit(ctx, p)
}
