package bench

import (
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// writing is the container of what is written to be measured.
const writing = "written"

// writeSettings are those of the peer.
const writeSettings = "rclone mount2 --vfs-cache-mode writes --vfs-write-back 0s, its cache in memory"

// writeJob is an application's write of the large file, until the store has all of it.
type writeJob struct {
	Dir       string // is made
	System    string // ours or crypted
	Endpoint  string
	Container string     // is empty
	Plugin    pluginFile `json:",omitzero"`
	Rclone    string
	From      string // the file
}

type writeResult struct {
	Seconds float64 `json:"seconds"`
}

func runWrite(ctx context.Context, j writeJob) (r writeResult, err error) {
	dir, err := scratch(j.Dir)
	if err != nil {
		return r, err
	}
	if j.System == crypted {
		in, _, err := mountRclone(ctx, j.Rclone, j.Endpoint, dir, "c:"+j.Container, "--vfs-cache-mode", "writes", "--vfs-write-back", "0s")
		if err != nil {
			return r, err
		}
		begin := time.Now()
		if _, err := beside[passed](ctx, "pass", pass{Kind: "copy", Path: j.From, To: filepath.Join(in, largeName)}); err != nil {
			return r, err
		}
		err = stored(ctx, j.Endpoint+"/"+j.Container, fileSize)
		r.Seconds = time.Since(begin).Seconds()
		return r, err
	}
	p, err := j.Plugin.start(ctx, dir, map[string]any{"endpoint": j.Endpoint, "container": j.Container}, "")
	if err != nil {
		return r, err
	}
	defer p.Close()
	sink, err := p.Sink()
	if err != nil {
		return r, err
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		return r, err
	}
	g, err := opened(ctx)
	if err != nil {
		return r, err
	}
	private, pub, err := sealed.NewSealKey()
	if err != nil {
		return r, err
	}
	private.Destroy() // nobody opens it
	_, signer, err := ed25519.GenerateKey(nil)
	if err != nil {
		return r, err
	}
	begin := time.Now()
	if _, err := beside[passed](ctx, "pass", pass{Kind: "copy", Path: j.From, To: filepath.Join(out, largeName)}); err != nil {
		return r, err
	}
	err = under(ctx, g, governance.OutputRelease, dataset, func(ctx context.Context, p permit.Permit) error {
		_, err := volume.Commit(ctx, p, volume.Output{Operation: governance.OutputRelease, Dir: out, Sink: sink, SinkName: dataset, Prefix: "run",
			Recipients: [][]byte{pub}, Signer: signer, Contract: digest.Of([]byte("bench")), Room: "bench", Limit: 2 * fileSize})
		return err
	})
	r.Seconds = time.Since(begin).Seconds()
	return r, err
}

// stored returns when the blobs of a container have least bytes.
func stored(ctx context.Context, url string, least int64) error {
	cred, err := container.NewSharedKeyCredential(devAccount, devKey)
	if err != nil {
		return err
	}
	c, err := container.NewClientWithSharedKeyCredential(url, cred, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		page, err := c.NewListBlobsFlatPager(nil).NextPage(ctx)
		if err != nil {
			return err
		}
		var has int64
		for _, b := range page.Segment.BlobItems {
			has += *b.Properties.ContentLength
		}
		if has >= least {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "store", "has %d bytes, want %d: %w", has, least, context.Cause(ctx))
		}
	}
}

// written runs one write into an empty container.
func (b *bench) written(ctx context.Context, v *volumes, j writeJob) (float64, error) {
	v.store.Empty(j.Container)
	j.Dir, j.Rclone = filepath.Join(b.dir, "volume"), b.Rclone
	r, err := child[writeResult](ctx, "write", j)
	return r.Seconds, err
}

func (b *bench) volumeWrite(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	sink, err := b.plugin("sink/azblob")
	if err != nil {
		return err
	}
	defer v.store.Empty(writing)
	for _, l := range latencies {
		var own, other []float64
		for range b.Runs {
			for _, system := range []string{crypted, ours} {
				s, err := b.written(ctx, v, writeJob{System: system, Endpoint: v.servers[l].Endpoint(), Container: writing, Plugin: sink, From: v.disk})
				if err != nil {
					return fault.Wrap("system "+system, err)
				}
				if system == ours {
					own = append(own, fileSize/(1<<20)/s)
				} else {
					other = append(other, fileSize/(1<<20)/s)
				}
			}
		}
		b.report.add(Measure{Name: "volume: durable write and commit of 1 GiB" + delayed(l), Unit: "MiB/s", Ours: median(own),
			Peer: "rclone crypt", Other: median(other), Limit: least(l, 2), Of: ofRatio, Least: true,
			Note: "copied by the application into memory, then sealed and committed; beside it: " + writeSettings})
	}
	return nil
}
