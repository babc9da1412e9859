package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
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
	if a.stop, err = started(cmd); err != nil {
		return nil, fault.New(fault.Unavailable, "azurite", "%w", err)
	}
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

// started starts a server that dies with this process, and returns what ends it.
func started(cmd *exec.Cmd) (stop func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	up, over := make(chan error), make(chan struct{})
	go func() {
		defer close(over)
		runtime.LockOSThread() // never unlocked: the death signal comes when the thread ends
		err := cmd.Start()
		up <- err
		if err == nil {
			_ = cmd.Wait() // killed, as it should be
		}
	}()
	if err := <-up; err != nil {
		return nil, err
	}
	return func() { _ = cmd.Process.Kill(); <-over }, nil
}

// listening returns when something listens at addr.
func listening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nothing listens at %s: %w", addr, context.Cause(ctx))
		}
	}
}

// freeAddr asks the kernel for a loopback address that nobody uses now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
