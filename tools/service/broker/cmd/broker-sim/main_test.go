package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker/client"
)

// childVar makes this test binary the program itself.
const childVar = "BROKER_SIM_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// files are what a broker needs, in a folder of its own.
func files(t *testing.T) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	d, err := sim.NewDevice(digest.Of(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"root.pem": d.Root(), "sign.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, []string{"--listen", "127.0.0.1:0", "--admin", "unix:" + filepath.Join(dir, "admin.sock"), "--dir", dir,
		"--sign-key", filepath.Join(dir, "sign.pem"), "--sim-root", filepath.Join(dir, "root.pem")}
}

type running struct {
	cmd             *exec.Cmd
	url, admin, err string
	stderr          *bytes.Buffer
}

func start(t *testing.T, args []string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(os.Args[0], args...), stderr: new(bytes.Buffer)}
	r.cmd.Env = []string{childVar + "=1"}
	r.cmd.Stderr = r.stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = r.cmd.Wait()
		t.Fatalf("no ready line: %v: %s", err, r.stderr)
	}
	var ready struct{ URL, Admin, AnswerKey string }
	if err := json.Unmarshal(line, &ready); err != nil || ready.AnswerKey == "" {
		t.Fatalf("ready line %q: %v", line, err)
	}
	r.url, r.admin = ready.URL, ready.Admin
	return r
}

func importKey(t *testing.T, admin string) {
	t.Helper()
	c, err := client.New(admin)
	if err != nil {
		t.Fatal(err)
	}
	kek, err := secret.New(bytes.Repeat([]byte{0xA7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer kek.Destroy()
	p := broker.Policy{HostData: digest.Of(nil), Platform: "simulated", Contract: digest.Of(nil), MinimumTCB: sim.Floor}
	if err := c.Import(t.Context(), "kek-1", kek, p); err != nil {
		t.Fatal(err)
	}
	if err := c.Import(t.Context(), "kek-1", kek, p); fault.KindOf(err) != fault.Denied {
		t.Errorf("Import twice = %v", err)
	}
	all, err := c.List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "kek-1" {
		t.Errorf("List = %v, %v", all, err)
	}
}

func ask(t *testing.T, url string) string {
	t.Helper()
	body, err := canonical.Marshal(broker.ReleaseRequest{Key: "kek-1", Evidence: []byte("{}"), RuntimeData: []byte("{}"), Nonce: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/release", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestKeysGoWithTheProcess(t *testing.T) {
	dir, args := files(t)
	r := start(t, args)
	importKey(t, r.admin)
	if got := ask(t, r.url); !strings.Contains(got, "unattested") {
		t.Errorf("answer to no evidence: %s", got)
	}
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
	if err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, bytes.Repeat([]byte{0xA7}, 8)) || bytes.Contains(b, []byte("p6enp6enp6en")) {
			t.Errorf("%s holds the key", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	again := start(t, args) // over the socket that the killed one left
	if got := ask(t, again.url); !strings.Contains(got, "not found") || !strings.Contains(got, "go with the broker's process") {
		t.Errorf("a new process answers: %s", got)
	}
	if err := again.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := again.cmd.Wait(); err != nil {
		t.Errorf("TERM: %v: %s", err, again.stderr)
	}
	if !strings.Contains(again.stderr.String(), "SIMULATED ATTESTATION") {
		t.Error("no banner")
	}
}

func TestSecondBrokerDoesNotTakeTheSocket(t *testing.T) {
	_, args := files(t)
	start(t, args)
	if code, out := fails(t, args); code != 2 || !strings.Contains(out, "another broker listens there") {
		t.Errorf("second broker: exit %d: %s", code, out)
	}
}

func fails(t *testing.T, args []string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = []string{childVar + "=1"}
	out, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(out)
}

func TestArguments(t *testing.T) {
	dir, args := files(t)
	if err := os.Chmod(filepath.Join(dir, "sign.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out := fails(t, args); code != 3 || !strings.Contains(out, "others may read it") {
		t.Errorf("readable signing key: exit %d: %s", code, out)
	}
	for name, args := range map[string][]string{
		"nothing is a wrong use":        nil,
		"an unknown flag is refused":    append(args, "--trust-everything"),
		"an argument is refused":        append(args, "x"),
		"half of TLS is refused":        append(args, "--tls-cert", "x"),
		"a missing root is refused":     args[:len(args)-2],
		"an admin socket must be local": append(args, "--admin", "127.0.0.1:1"),
	} {
		if err := os.Chmod(filepath.Join(dir, "sign.pem"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out := fails(t, args); code != 2 {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
	}
}
