// Package blobstest runs a real Azurite for tests, on a port of loopback that it chooses,
// with an account and a key of its own, all in memory. For tests alone.
package blobstest

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/internal/place"
)

const account = "cleanroomtest"

// startLimit bounds how long Azurite may take to listen, on a loaded machine.
const startLimit = 2 * time.Minute

var listening = regexp.MustCompile(`successfully listens on (http://127\.0\.0\.1:\d+)`)

// Azurite is a running one.
type Azurite struct {
	Endpoint   string // of the account
	Connection string // string
	credential *container.SharedKeyCredential
	cmd        *exec.Cmd
}

// Start starts Azurite in a folder. The caller stops it.
func Start(dir string) (*Azurite, error) {
	script, err := place.Azurite()
	if err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	key := base64.StdEncoding.EncodeToString(secret)
	cmd := exec.Command(node, script, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
	cmd.Dir, cmd.Env = dir, []string{"AZURITE_ACCOUNTS=" + account + ":" + key, "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	a := &Azurite{cmd: cmd}
	limit := time.AfterFunc(startLimit, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for a.Endpoint == "" && lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			a.Endpoint = m[1] + "/" + account
		}
	}
	limit.Stop()
	if a.Endpoint == "" {
		a.Stop()
		return nil, fmt.Errorf("azurite did not listen within %s", startLimit)
	}
	go func() { // so that it never waits for us
		for lines.Scan() {
		}
	}()
	a.Connection = "AccountName=" + account + ";AccountKey=" + key + ";BlobEndpoint=" + a.Endpoint
	if a.credential, err = container.NewSharedKeyCredential(account, key); err != nil {
		a.Stop()
		return nil, err
	}
	return a, nil
}

// Stop ends it. It may be called more than once.
func (a *Azurite) Stop() {
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait() // its end was asked for
}

// Container makes a container, and returns its client with all rights.
func (a *Azurite) Container(ctx context.Context, name string) (*container.Client, error) {
	c, err := container.NewClientWithSharedKeyCredential(a.Endpoint+"/"+name, a.credential, nil)
	if err != nil {
		return nil, err
	}
	_, err = c.Create(ctx, nil)
	return c, err
}

// Token is a shared access signature for a container.
func Token(c *container.Client, p sas.ContainerPermissions) (string, error) {
	u, err := c.GetSASURL(p, time.Now().Add(time.Hour), nil)
	_, query, _ := strings.Cut(u, "?")
	return query, err
}
