package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// TestMain makes the test's binary the command, when its first argument says so.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "as-command" {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		main()
	}
	os.Exit(m.Run())
}

type process struct {
	cmd *exec.Cmd
	ready
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(exe, append([]string{"as-command"}, args...)...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p.ready)
	}
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("ready line %q: %v\n%s", line, err, stderr.String())
	}
	return p
}

func TestKillLosesNothingThatWasConfirmed(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	north := client.Party{Name: "north", Key: key}
	args := []string{"--dir", filepath.Join(t.TempDir(), "d"), "--party", "north=" + base64.StdEncoding.EncodeToString(pub)}
	p := start(t, args...)
	c, err := client.New(p.Address, client.Options{Key: p.Key})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Propose(t.Context(), north, []byte("{}"), []byte("policy"))
	if err != nil {
		t.Fatalf("Propose = %v", err)
	}
	roomPub, roomKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var confirmed []core.SignedEvent
	next := core.Event{Contract: d, Room: "r", Phase: core.Note, Operation: "note", Subject: "s"}
	record := func(c *client.Client) error {
		e := next
		e.Seq = uint64(len(confirmed) + 1)
		if e.Seq == 1 {
			e.Phase, e.Operation = core.Intent, core.RoomOpen
		} else {
			e.Previous = confirmed[len(confirmed)-1].Digest()
		}
		s, err := e.Sign(roomKey)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Record(t.Context(), &governancev1.RecordRequest{Event: s.Event, Signature: s.Signature, RoomKey: roomPub})
		if err != nil {
			return err
		}
		if _, err := core.VerifyReceipt(s.Event, r.GetReceipt(), r.GetSignature(), p.Key); err != nil {
			t.Fatalf("VerifyReceipt = %v", err)
		}
		confirmed = append(confirmed, s)
		return nil
	}
	for round := range 3 {
		for enough := len(confirmed) + 5 + round; record(c) == nil; {
			if len(confirmed) == enough {
				go func(running *os.Process) { _ = running.Kill() }(p.cmd.Process) // in the middle of the next ones
			}
		}
		_ = p.cmd.Wait()
		p = start(t, args...)
		if c, err = client.New(p.Address, client.Options{Key: p.Key}); err != nil {
			t.Fatal(err)
		}
		trail, err := c.Events(t.Context(), "r", roomPub)
		if err != nil && (len(confirmed) > 0 || fault.KindOf(err) != fault.NotFound) {
			t.Fatalf("Events = %v", err)
		}
		// The event that was under way may be there or not; what was confirmed must be.
		if len(trail.Events) < len(confirmed) {
			t.Fatalf("%d events are there, %d were confirmed", len(trail.Events), len(confirmed))
		}
		for i, s := range confirmed {
			if !bytes.Equal(trail.Events[i].Event, s.Event) {
				t.Fatalf("event %d is another one", i+1)
			}
		}
		if err := record(c); err != nil { // the same event again, or new: it continues
			t.Fatalf("Record after the kill = %v", err)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

func TestServesTLSAndUnixSockets(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{"cert": ca, "key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	party := "north=" + base64.StdEncoding.EncodeToString(pub)
	for name, tc := range map[string]struct {
		args []string
		ca   []byte
		want string
	}{
		"tls":  {[]string{"--cert", filepath.Join(dir, "cert"), "--key", filepath.Join(dir, "key")}, ca, "https://127.0.0.1:"},
		"unix": {[]string{"--listen", "unix:" + filepath.Join(dir, "s")}, nil, "unix:" + filepath.Join(dir, "s")},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(tc.args, "--dir", filepath.Join(t.TempDir(), "d"), "--party", party)...)
			if !strings.HasPrefix(p.Address, tc.want) {
				t.Errorf("address = %s, want %s…", p.Address, tc.want)
			}
			c, err := client.New(p.Address, client.Options{Key: p.Key, CA: tc.ca})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Info(t.Context()); err != nil {
				t.Errorf("Info = %v", err)
			}
			if tc.ca == nil {
				return
			}
			stranger, err := client.New(p.Address, client.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stranger.Info(t.Context()); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("Info without the CA = %v, want Unavailable", err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want fault.Kind
	}{
		"a folder is needed":               {nil, fault.Usage},
		"there are no arguments":           {[]string{"--dir", "d", "x"}, fault.Usage},
		"an unknown flag is refused":       {[]string{"--verbose"}, fault.Usage},
		"a party is a name and a key":      {[]string{"--dir", "d", "--party", "north"}, fault.Usage},
		"a folder is initialised":          {[]string{"--dir", t.TempDir()}, fault.NotFound},
		"a certificate comes with its key": {[]string{"--dir", t.TempDir(), "--cert", "x"}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(context.Background(), tc.args, io.Discard, io.Discard); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("run(%q) = %v, want kind %s", tc.args, err, tc.want)
			}
		})
	}
}
