package dataset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// roleVar makes this binary a provider that dies at a step.
const roleVar = "CLEANROOM_DATASET_ROLE"

// role is what the provider does, and when it dies.
type role struct {
	DieAt  int64  // the number of the local step before which it is killed; 0 is never
	Serial bool   // one object at a time
	From   string // folder
	To     string // folder, or

	Endpoint, Container, SAS string
}

func TestMain(m *testing.M) {
	if r := os.Getenv(roleVar); r != "" {
		if err := play(r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func play(text string) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	var steps atomic.Int64
	dataset.SetStep(func(what string) {
		if steps.Add(1) == r.DieAt {
			fmt.Println(what)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	ctx := context.Background()
	from, err := dataset.OpenFolder(r.From)
	if err != nil {
		return err
	}
	d, err := dataset.ReadDescription(r.From + "/" + dataset.DescriptionName)
	if err != nil {
		return err
	}
	var to dataset.Store
	if r.To != "" {
		to, err = dataset.OpenFolder(r.To)
	} else {
		to, err = blobs.New(blobs.Options{Endpoint: r.Endpoint, Container: r.Container, SAS: r.SAS})
	}
	if err != nil {
		return err
	}
	if r.Serial {
		to = &serial{Store: to}
	}
	_, err = dataset.Publish(ctx, from, d, to, nil)
	return err
}

// serial stores one object at a time.
type serial struct {
	dataset.Store
	mu sync.Mutex
}

func (s *serial) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Put(ctx, name, size, body, c)
}

// provider is the program of a role, not started yet.
func provider(t *testing.T, r role) *exec.Cmd {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), roleVar+"="+string(b))
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// killed says that c was ended by SIGKILL. Any other end but success fails the test.
func killed(t *testing.T, c *exec.Cmd, err error, stderr string) bool {
	t.Helper()
	if w, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() && w.Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("the provider ended with %v: %s", err, stderr)
	}
	return false
}
