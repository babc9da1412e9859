package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/blobs/blobstest"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
)

// fakeBroker is broker SOCKET: a broker of platform simulated that releases to nobody.
func fakeBroker(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: broker SOCKET")
	}
	record, err := broker.OpenRecord(ts.MkAbs("decisions.jsonl"))
	ts.Check(err)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	b, err := broker.New(broker.Config{Platform: "simulated", SignKey: key, Record: record, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Verify: func(attest.Evidence, attest.Expectations, time.Time) error {
			return fault.New(fault.Unattested, "fake", "nobody")
		}})
	ts.Check(err)
	l, err := net.Listen("unix", ts.MkAbs(args[0]))
	ts.Check(err)
	s := &http.Server{Handler: b.Admin(), ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	ts.Defer(func() {
		ts.Check(s.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			ts.Logf("broker: %v", err)
		}
		b.Close()
		ts.Check(record.Close())
	})
}

// azurite CONTAINER starts Azurite with an account of its own; $ENDPOINT names it, write.sas and
// read.sas may use the container, connection may use all.
func azurite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: azurite CONTAINER")
	}
	a, err := blobstest.Start(ts.MkAbs("."))
	ts.Check(err)
	ts.Defer(a.Stop)
	c, err := a.Container(context.Background(), args[0])
	ts.Check(err)
	for file, p := range map[string]sas.ContainerPermissions{"write.sas": {Read: true, Create: true, Write: true, Delete: true}, "read.sas": {Read: true}} {
		token, err := blobstest.Token(c, p)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(token+"\n"), 0o600))
	}
	ts.Check(os.WriteFile(ts.MkAbs("connection"), []byte(a.Connection), 0o600))
	ts.Setenv("ENDPOINT", a.Endpoint)
}
