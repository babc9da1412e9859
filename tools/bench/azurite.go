package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Azurite's published development account: not a secret, and good for nothing else.
const (
	devAccount = "devstoreaccount1"
	devKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azurite is Azure Storage in memory, with one container.
type azurite struct {
	endpoint string
	c        *container.Client
	token    string // reads the container
	stop     func()
}

const containerName = "bench"

func (b *bench) azurite(ctx context.Context) (_ *azurite, err error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(b.Node, b.Azurite, "--blobHost", host, "--blobPort", port, "--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "TMPDIR=" + b.dir}
	cmd.Dir = b.dir
	a := &azurite{endpoint: fmt.Sprintf("http://%s/%s", addr, devAccount)}
	p, err := start(cmd)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "azurite", "%w", err)
	}
	a.stop = p.stop
	if err := a.open(ctx, addr); err != nil {
		a.stop()
		return nil, fault.New(fault.Unavailable, "azurite", "%w", err)
	}
	return a, nil
}

func (a *azurite) open(ctx context.Context, addr string) error {
	if err := listening(ctx, addr); err != nil {
		return err
	}
	cred, err := azblob.NewSharedKeyCredential(devAccount, devKey)
	if err != nil {
		return err
	}
	client, err := azblob.NewClientWithSharedKeyCredential(a.endpoint, cred, nil)
	if err != nil {
		return err
	}
	if _, err := client.CreateContainer(ctx, containerName, nil); err != nil {
		return err
	}
	a.c = client.ServiceClient().NewContainerClient(containerName)
	u, err := a.c.GetSASURL(sas.ContainerPermissions{Read: true, List: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		return err
	}
	_, a.token, _ = strings.Cut(u, "?")
	return nil
}
