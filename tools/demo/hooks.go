package demo

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

func (d *demo) withdraw() error {
	return d.ledger.client.Switch(context.Background(), d.parties[north].Party, d.contract, false, governance.DataPresent)
}

func (d *demo) auditDown() error { return d.inbox.server.Close() }

func (d *demo) auditWrongCode() error {
	d.inbox.code.Store(http.StatusAccepted)
	return nil
}

// tamperBlob changes one byte in the middle of a blob of the northern hospital,
// as whoever can write to the storage could.
func (d *demo) tamperBlob() error {
	ctx := context.Background()
	name, err := d.dataBlob(ctx, dataset.Prefix("north", d.spec.Sources[0].Sealing.Version))
	if err != nil {
		return err
	}
	b, err := d.blobs.get(ctx, "north", name)
	if err != nil {
		return err
	}
	b[len(b)/2] ^= 1
	return d.blobs.put(ctx, "north", name, b)
}

// rollBackBlob puts the older version's ciphertext in the place of the newer's:
// sealed under the same key, for the same path, of the same size.
func (d *demo) rollBackBlob() error {
	ctx := context.Background()
	name, err := d.dataBlob(ctx, dataset.Prefix("north", d.spec.Sources[0].Sealing.Version))
	if err != nil {
		return err
	}
	return d.blobs.put(ctx, "north", name, d.older)
}

// dataBlob names the one blob of that prefix that is not the manifest.
func (d *demo) dataBlob(ctx context.Context, prefix string) (string, error) {
	all, err := d.blobs.names(ctx, "north", prefix)
	if err != nil {
		return "", err
	}
	for _, name := range all {
		if !strings.HasSuffix(name, "manifest") {
			return name, nil
		}
	}
	return "", fault.New(fault.Internal, "demo", "no data among %d blobs", len(all))
}

// tamperPlugin appends one byte to the binary of the storage plugin.
func (d *demo) tamperPlugin() error {
	dst := filepath.Join(d.dir, "plugins")
	if err := os.CopyFS(dst, os.DirFS(d.plugins)); err != nil {
		return err
	}
	d.plugins = dst
	path := filepath.Join(dst, "source", "azblob")
	if err := os.Chmod(path, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte{0}); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

func (d *demo) killPlugin() error { return killDescendant(d.roomPID, "source/azblob") }

func (d *demo) killEnvoy() error { return killDescendant(d.roomPID, "envoy") }

func (d *demo) killStorage() error {
	d.blobs.kill()
	<-d.blobs.done
	return nil
}
