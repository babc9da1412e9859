// Package azuritetest runs a real Azurite for one test, on a port of loopback that it
// chooses, with an account and a key of its own, all in memory. For tests alone.
package azuritetest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

const account = "cleanroomtest"

// Azurite is a running one.
type Azurite struct {
	Endpoint string // of the account
	key      *container.SharedKeyCredential
	process  *exec.Cmd
}

var listening = regexp.MustCompile(`successfully listens on (http://127\.0\.0\.1:\d+)`)

// Start starts Azurite; it ends with the test.
func Start(t testing.TB) *Azurite {
	t.Helper()
	script, node := needs.Azurite(t), needs.Program(t, "node")
	secret := make([]byte, 32)
	rand.Read(secret)
	key := base64.StdEncoding.EncodeToString(secret)
	cmd := exec.Command(node, script, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence",
		"--disableTelemetry", "--skipApiVersionCheck")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"AZURITE_ACCOUNTS=" + account + ":" + key, "HOME=" + cmd.Dir}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a := &Azurite{process: cmd}
	t.Cleanup(a.Stop)
	timer := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for a.Endpoint == "" && lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			a.Endpoint = m[1] + "/" + account
		}
	}
	timer.Stop()
	if a.Endpoint == "" {
		cmd.Wait()
		t.Fatalf("Azurite did not come up: %s", problems.String())
	}
	go func() { // so that it never waits for us
		for lines.Scan() {
		}
	}()
	if a.key, err = container.NewSharedKeyCredential(account, key); err != nil {
		t.Fatal(err)
	}
	return a
}

// Stop ends it now.
func (a *Azurite) Stop() {
	if a.process != nil {
		a.process.Process.Kill()
		a.process.Wait()
		a.process = nil
	}
}

// Container makes a container that only a token opens.
func (a *Azurite) Container(t testing.TB, name string) *container.Client {
	t.Helper()
	c, err := container.NewClientWithSharedKeyCredential(a.Endpoint+"/"+name, a.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// Token is a shared access signature for one container.
func (a *Azurite) Token(t testing.TB, name string, p sas.ContainerPermissions, good time.Duration) string {
	t.Helper()
	q, err := sas.BlobSignatureValues{Protocol: sas.ProtocolHTTPSandHTTP, ContainerName: name, Permissions: p.String(),
		StartTime: time.Now().Add(-time.Hour).UTC(), ExpiryTime: time.Now().Add(good).UTC()}.SignWithSharedKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return q.Encode()
}

// Put stores one blob with the account's key.
func Put(ctx context.Context, c *container.Client, name string, content []byte) error {
	_, err := c.NewBlockBlobClient(name).UploadBuffer(ctx, content, &blockblob.UploadBufferOptions{})
	return err
}
