package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// readJob is one sequential read in a process of its own.
type readJob struct {
	Dir    string // is made
	Entry  sealed.Entry
	URL    string     // of the sealed bytes
	Plain  bool       // download them, and no more
	Plugin pluginFile `json:",omitzero"` // reads them; zero: an HTTP client of this process
	Config map[string]any
	Token  string
}

type readResult struct {
	Seconds  float64 `json:"seconds"`
	Peak     float64 `json:"peak"` // MiB
	Requests int64   `json:"requests"`
}

func runRead(ctx context.Context, j readJob) (r readResult, err error) {
	if j.Plain {
		begin := time.Now()
		err = download(ctx, j.URL, sealed.SealedSize(j.Entry.Size))
		r.Seconds = time.Since(begin).Seconds()
		return r, err
	}
	dir, err := scratch(j.Dir)
	if err != nil {
		return r, err
	}
	var src volume.Source = overHTTP{j.URL, sealed.SealedSize(j.Entry.Size)}
	if j.Plugin.Path != "" {
		p, err := j.Plugin.start(ctx, dir, j.Config, j.Token)
		if err != nil {
			return r, err
		}
		defer p.Close()
		if src, err = p.Source(); err != nil {
			return r, err
		}
	}
	err = present(ctx, dir, src, []sealed.Entry{j.Entry}, func(in string, m *volume.Mounted) error {
		begin := time.Now()
		err := drain(filepath.Join(in, j.Entry.Path), j.Entry.Size)
		r.Seconds, r.Requests = time.Since(begin).Seconds(), m.Stats().Requests
		return err
	})
	if err != nil {
		return r, err
	}
	r.Peak, err = peak("self")
	return r, err
}

// present mounts entries in a new folder of dir while fn runs.
func present(ctx context.Context, dir string, src volume.Source, entries []sealed.Entry, fn func(in string, m *volume.Mounted) error) error {
	dek, err := key()
	if err != nil {
		return err
	}
	defer dek.Destroy()
	g, err := opened(ctx)
	if err != nil {
		return err
	}
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		return err
	}
	list, err := manifest(ctx, dek, entries)
	if err != nil {
		return err
	}
	ds := volume.Dataset{Name: dataset, Manifest: list, Source: src, DEK: dek}
	return under(ctx, g, governance.DataPresent, dataset, func(ctx context.Context, p permit.Permit) error {
		m, err := volume.Mount(ctx, p, in, ds, volume.Options{})
		if err != nil {
			return err
		}
		return errors.Join(fn(in, m), m.Close())
	})
}

// start starts the plugin as a room does.
func (f pluginFile) start(ctx context.Context, dir string, config map[string]any, token string) (*plugin.Process, error) {
	return plugin.Start(ctx, plugin.Options{
		Name: f.Name, Path: f.Path, Checksum: f.Checksum, Instance: dataset, Config: config, UID: pluginUID, TempDir: dir, Simulated: true,
		Tokens:       func(context.Context, string) (string, time.Time, error) { return token, time.Time{}, nil },
		Log:          slog.New(slog.DiscardHandler),
		StartTimeout: time.Minute,
	})
}

// pluginUID is nobody's number on an ordinary machine.
const pluginUID = 64900

// overHTTP is a source whose ranges come over loopback, as a store's do.
type overHTTP struct {
	url  string
	size int64
}

func (s overHTTP) Stat(context.Context, string) (object.Info, error) {
	return object.Info{Name: blobName, Size: s.size, ETag: `"1"`}, nil
}

func (s overHTTP) ReadRange(ctx context.Context, _ object.Info, off int64, p []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.New(fault.Unavailable, "http", "%w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent {
		return fault.New(fault.Unavailable, "http", "%s", resp.Status)
	}
	_, err = io.ReadFull(resp.Body, p)
	return err
}

// copySize is what a reader asks for at a time.
const copySize = 1 << 20

func drain(path string, size int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return count(f, size)
}

func download(ctx context.Context, url string, size int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return count(resp.Body, size)
}

// count reads all of r, which must have size bytes.
func count(r io.Reader, size int64) error {
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, copySize))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes, want %d", n, size)
	}
	return err
}
