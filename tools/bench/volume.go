package bench

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/tools/bench/blobstore"
)

// latencies of the store, for one request; all rows are made with each.
var latencies = []time.Duration{0, 5 * time.Millisecond}

// volumes is the store that the rows of volumes share, in this process's memory.
type volumes struct {
	store   blobstore.Store
	servers map[time.Duration]*blobstore.Server
	disk    string // a file with the large one's bytes
	crc     uint32
	entries []sealed.Entry // of ours: the large file, then the small ones
	plugin  pluginFile
	crypt   bool // rclone has its encrypted large file
}

// filled makes the store when the first row needs it.
func (b *bench) filled() (*volumes, error) {
	if b.volumes != nil {
		return b.volumes, nil
	}
	debug.SetGCPercent(25) // the blobs are gigabytes and stay; what is collected is small
	v := &volumes{servers: map[time.Duration]*blobstore.Server{}, disk: filepath.Join(b.dir, largeName)}
	large := make([]byte, fileSize)
	for n := range fileSize / blockSize {
		block(uint64(n), large[n*blockSize:(n+1)*blockSize])
	}
	v.crc = crc32.Checksum(large, castagnoli)
	if err := v.add(largeName, large); err != nil {
		return nil, err
	}
	if err := os.WriteFile(v.disk, large, 0o600); err != nil {
		return nil, err
	}
	for n := range smallFiles {
		p := make([]byte, blockSize)
		block(firstSmall+uint64(n), p)
		if err := v.add(smallName(n), p); err != nil {
			return nil, err
		}
	}
	var err error
	for _, l := range latencies {
		if v.servers[l], err = blobstore.Serve(&v.store, l); err != nil {
			return nil, err
		}
	}
	if v.plugin, err = b.plugin("source/azblob"); err != nil {
		return nil, err
	}
	b.volumes = v
	b.report.machine("volumes: store in memory on loopback; " + rcloneSettings)
	return v, nil
}

// rcloneSettings are those of the peer.
const rcloneSettings = "rclone mount2 --read-only, else its defaults (no VFS cache)"

// add puts a file into the store, clear for rclone and sealed for us.
func (v *volumes) add(name string, p []byte) error {
	dek, err := key()
	if err != nil {
		return err
	}
	defer dek.Destroy()
	out := bytes.NewBuffer(make([]byte, 0, sealed.SealedSize(int64(len(p)))))
	w, err := sealed.NewWriter(out, dek, sealed.FileContext(dataset, name, 1))
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	v.store.Put(plain, name, blobstore.Bytes{p})
	v.store.Put(ours, name, blobstore.Bytes{out.Bytes()})
	v.entries = append(v.entries, sealed.Entry{Path: name, Blob: name, Size: int64(len(p)), Header: w.Header(), SHA256: digest.Of(p)})
	return nil
}

// encrypted has rclone put the large file, encrypted.
func (b *bench) encrypted(ctx context.Context, v *volumes) error {
	if v.crypt {
		return nil
	}
	_, err := b.written(ctx, v, writeJob{System: crypted, Endpoint: v.servers[0].Endpoint(), Container: crypted, From: v.disk})
	if err != nil {
		return err
	}
	v.crypt = true
	return nil
}

// turns runs the jobs one after the other, as often as there are runs, every other time
// in the reverse order. It returns each job's results.
func (b *bench) turns(ctx context.Context, jobs ...volumeJob) ([][]volumeResult, error) {
	all := make([][]volumeResult, len(jobs))
	for run := range b.Runs {
		for i := range jobs {
			if run%2 == 1 {
				i = len(jobs) - 1 - i
			}
			j := jobs[i]
			j.Dir = filepath.Join(b.dir, "volume")
			r, err := child[volumeResult](ctx, "volume", j)
			if err != nil {
				return nil, fault.Wrap("system "+j.System, err)
			}
			all[i] = append(all[i], r)
		}
	}
	return all, nil
}

// job of one system with one latency of the store.
func (b *bench) job(v *volumes, system string, latency time.Duration, p ...pass) volumeJob {
	j := volumeJob{System: system, Endpoint: v.servers[latency].Endpoint(), Rclone: b.Rclone, Passes: p}
	if system == ours {
		j.Plugin, j.Entries = v.plugin, v.entries
	}
	return j
}

// rate is the median of what a pass did in a second.
func rate(rs []volumeResult, pass int) float64 {
	var all []float64
	for _, r := range rs {
		all = append(all, float64(r.Passes[pass].Count)/r.Passes[pass].Seconds)
	}
	return median(all)
}

func mibs(rs []volumeResult, pass int) float64 { return rate(rs, pass) / (1 << 20) }

// delayed is the end of a row's name.
func delayed(l time.Duration) string {
	if l == 0 {
		return ""
	}
	return fmt.Sprintf(", %v", l)
}

// least is the limit of a row without latency; with it, what is measured is ahead of its peer.
func least(l time.Duration, limit float64) float64 {
	if l == 0 {
		return limit
	}
	return 1
}

func (b *bench) volumeSequential(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	if err := b.encrypted(ctx, v); err != nil {
		return err
	}
	for _, l := range latencies {
		once := pass{Kind: "sequential", Path: largeName, CRC: v.crc}
		whole := pass{Kind: "sequential", Path: v.disk, CRC: v.crc}
		get := pass{Kind: "download", Path: v.servers[l].Endpoint() + "/" + plain + "/" + largeName, CRC: v.crc}
		r, err := b.turns(ctx, b.job(v, ours, l, once, once), b.job(v, crypted, l, once), b.job(v, plain, l, once), b.job(v, none, l, get), b.job(v, none, l, whole, whole))
		if err != nil {
			return err
		}
		row := Measure{Name: "volume: cold sequential 1 GiB" + delayed(l), Unit: "MiB/s", Ours: mibs(r[0], 0), Of: ofRatio, Least: true}
		for i, peer := range []struct {
			name  string
			limit float64
		}{{"rclone crypt", least(l, 2)}, {"rclone plain", least(l, 0)}, {"plain HTTP download, one stream", 0.75}} {
			row.Peer, row.Other, row.Limit = peer.name, mibs(r[i+1], 0), peer.limit
			b.report.add(row)
		}
		b.report.add(Measure{Name: "volume: warm re-read of it" + delayed(l), Unit: "MiB/s", Ours: mibs(r[0], 1), Peer: "a file of the disk in the page cache", Other: mibs(r[4], 1), Limit: 0.5, Of: ofRatio, Least: true})
	}
	b.report.add(Measure{Name: "volume: gocryptfs over rclone plain", Lacks: "no harness for it yet"})
	return nil
}

func (b *bench) volumeRandom(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	for _, l := range latencies {
		for _, n := range []int{1, 16} {
			p := pass{Kind: "random", Path: largeName, Readers: n}
			r, err := b.turns(ctx, b.job(v, ours, l, p), b.job(v, plain, l, p))
			if err != nil {
				return err
			}
			b.report.add(Measure{Name: fmt.Sprintf("volume: cold random 4 KiB, readers: %d%s", n, delayed(l)), Unit: "/s", Ours: rate(r[0], 0),
				Peer: "rclone plain", Other: rate(r[1], 0), Limit: least(l, 3), Of: ofRatio, Least: true})
		}
	}
	return nil
}

func (b *bench) volumeFiles(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	for _, l := range latencies {
		p := pass{Kind: "files", Readers: 8}
		r, err := b.turns(ctx, b.job(v, ours, l, p), b.job(v, plain, l, p))
		if err != nil {
			return err
		}
		b.report.add(Measure{Name: "volume: 10,000 files of 4 KiB, readers: 8" + delayed(l), Unit: "/s", Ours: rate(r[0], 0),
			Peer: "rclone plain", Other: rate(r[1], 0), Limit: least(l, 2), Of: ofRatio, Least: true})
	}
	return nil
}

func (b *bench) volumeList(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	for _, l := range latencies {
		p := pass{Kind: "list"}
		r, err := b.turns(ctx, b.job(v, ours, l, p), b.job(v, plain, l, p))
		if err != nil {
			return err
		}
		b.report.add(Measure{Name: "volume: list + stat 10,000" + delayed(l), Unit: "s", Ours: smallFiles / rate(r[0], 0),
			Peer: "rclone plain", Other: smallFiles / rate(r[1], 0), Limit: 0.1})
	}
	return nil
}

// volumeMemory reads the one large file ten times, its pages dropped each time, so that
// ten times its bytes come from the store.
func (b *bench) volumeMemory(ctx context.Context) error {
	v, err := b.filled()
	if err != nil {
		return err
	}
	const times = 10
	var p []pass
	for range times {
		p = append(p, pass{Kind: "sequential", Path: largeName, CRC: v.crc, Cold: true})
	}
	j := b.job(v, ours, 0, p...)
	j.Dir = filepath.Join(b.dir, "volume")
	r, err := child[volumeResult](ctx, "volume", j)
	if err != nil {
		return err
	}
	if r.Fetched < times*fileSize {
		return fault.New(fault.Internal, "bench", "%d bytes came from the store, want at least %d", r.Fetched, int64(times*fileSize))
	}
	for _, m := range []struct {
		name string
		mib  float64
	}{{"mount and plugin together", r.Mount + r.Plugin}, {"of the process that mounts", r.Mount}, {"of the plugin", r.Plugin}} {
		b.report.add(Measure{Name: "volume: memory, " + m.name, Unit: "MiB", Ours: m.mib, Limit: memoryLimit,
			Note: fmt.Sprintf("1 GiB read ten times, cold: %.1f GiB came from the store", float64(r.Fetched)/(1<<30))})
	}
	return nil
}
