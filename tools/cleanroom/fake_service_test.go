package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/internal/place"
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

var listening = regexp.MustCompile(`successfully listens on (http://127\.0\.0\.1:\d+)`)

// azurite CONTAINER starts Azurite with an account of its own; $ENDPOINT names it, write.sas and
// read.sas may use the container, connection may use all.
func azurite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: azurite CONTAINER")
	}
	script, err := place.Azurite()
	ts.Check(err)
	secret := make([]byte, 32)
	_, err = rand.Read(secret)
	ts.Check(err)
	const account = "cleanroomtest"
	key := base64.StdEncoding.EncodeToString(secret)
	node, err := exec.LookPath("node")
	ts.Check(err)
	cmd := exec.Command(node, script, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
	cmd.Dir, cmd.Env = ts.MkAbs("."), []string{"AZURITE_ACCOUNTS=" + account + ":" + key, "HOME=" + ts.MkAbs(".")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	limit := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	endpoint := ""
	lines := bufio.NewScanner(out)
	for endpoint == "" && lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			endpoint = m[1] + "/" + account
		}
	}
	limit.Stop()
	if endpoint == "" {
		ts.Fatalf("Azurite did not come up")
	}
	go func() { // so that it never waits for us
		for lines.Scan() {
		}
	}()
	credential, err := container.NewSharedKeyCredential(account, key)
	ts.Check(err)
	c, err := container.NewClientWithSharedKeyCredential(endpoint+"/"+args[0], credential, nil)
	ts.Check(err)
	_, err = c.Create(context.Background(), nil)
	ts.Check(err)
	for file, p := range map[string]sas.ContainerPermissions{"write.sas": {Read: true, Create: true, Write: true, Delete: true}, "read.sas": {Read: true}} {
		u, err := c.GetSASURL(p, time.Now().Add(time.Hour), nil)
		ts.Check(err)
		_, query, _ := strings.Cut(u, "?")
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(query+"\n"), 0o600))
	}
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("."), "connection"), []byte("AccountName="+account+";AccountKey="+key+";BlobEndpoint="+endpoint), 0o600))
	ts.Setenv("ENDPOINT", endpoint)
}
