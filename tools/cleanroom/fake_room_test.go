package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// runFakeRoom is room NAME SERVICE CONTRACT SEALKEY OUTPUT SINK [open]: it passes a real gate
// with the service's consent and audit, and releases the folder OUTPUT to the folder SINK,
// sealed to SEALKEY. With open it does not close. No hardware vouches for it. A refusal is
// what ! room wants.
func runFakeRoom(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 6 {
		ts.Fatalf("usage: room NAME SERVICE CONTRACT SEALKEY OUTPUT SINK [open]")
	}
	contract, err := digest.Parse(args[2])
	ts.Check(err)
	recipient, err := base64.StdEncoding.DecodeString(args[3])
	ts.Check(err)
	g, key := gate(ts, args[0], args[1], contract)
	sink, err := dataset.OpenFolder(ts.MkAbs(args[5]))
	ts.Check(err)
	defer sink.Close()
	nothing := func(context.Context, permit.Permit) error { return nil }
	ctx := context.Background()
	err = g.Do(ctx, governance.Request{Operation: governance.RoomOpen, Subject: args[0]}, nothing)
	var c volume.Committed
	outcome := func() map[string]string {
		return map[string]string{"manifest": c.Manifest, "digest": c.Digest.String()}
	}
	if err == nil {
		err = g.Do(ctx, governance.Request{Operation: governance.OutputRelease, Subject: "result", Outcome: outcome}, func(ctx context.Context, p permit.Permit) (err error) {
			c, err = volume.Commit(ctx, p, volume.Output{Operation: governance.OutputRelease, Dir: ts.MkAbs(args[4]), Sink: sink, SinkName: "result",
				Prefix: "report", Recipients: [][]byte{recipient}, Signer: key, Contract: contract, Room: args[0], Limit: 1 << 20})
			return err
		})
	}
	if err == nil && len(args) == 6 {
		err = g.Do(ctx, governance.Request{Operation: governance.RoomClose, Subject: args[0]}, nothing)
	}
	if neg != (err != nil) {
		ts.Fatalf("room: %v", err)
	}
}

func gate(ts *testscript.TestScript, name, service string, contract digest.SHA256) (*governance.Gate, ed25519.PrivateKey) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	wrap, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	data, err := attest.RuntimeData{Keys: []attest.JWK{attest.WrapKey(&wrap.PublicKey), attest.Ed25519Key(pub)}, Contract: contract, Room: name}.Marshal()
	ts.Check(err)
	c, err := client.New(service, client.Options{})
	ts.Check(err)
	info, err := c.Info(context.Background())
	ts.Check(err)
	all := []string{governance.RoomOpen, governance.OutputRelease}
	g, err := governance.New(governance.Config{Contract: contract, Room: name, Key: key, Evidence: []byte("none"), RuntimeData: data,
		Consent: []governance.Consenter{{Name: "ledger", Operations: all, Timeout: 30 * time.Second, Client: c, AnswerKey: info.Key}},
		Audit:   []governance.Recorder{{Name: "ledger", Timeout: 30 * time.Second, Client: c, AnswerKey: info.Key}}})
	ts.Check(err)
	ts.Defer(c.Close)
	return g, key
}
