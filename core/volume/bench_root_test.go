package volume_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

const benchSize = 256 << 20

// overHTTP is a source whose ranges come over loopback, as a store's do.
type overHTTP struct {
	*volumetest.Store
	url string
}

func (s overHTTP) Open(ctx context.Context, o object.Info, off, n int64) (io.ReadCloser, object.Info, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/"+o.Name, nil)
	if err != nil {
		return nil, o, err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, o, fault.New(fault.Unavailable, "http", "%w", err)
	}
	if resp.StatusCode != http.StatusPartialContent {
		resp.Body.Close()
		return nil, o, fault.New(fault.Unavailable, "http", "%s", resp.Status)
	}
	o.ETag = "1"
	return resp.Body, o, nil
}

func serveHTTP(b *testing.B, s *volumetest.Store) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.Get(filepath.Base(r.URL.Path))))
	}))
	b.Cleanup(server.Close)
	return server.URL
}

func drain(b *testing.B, path string) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil || n != benchSize {
		b.Fatalf("read %d bytes, %v", n, err)
	}
}

// BenchmarkSequentialRead reads one cold file of 256 MiB: through the mount, from
// the store in memory and over HTTP, and as a plain download of the same bytes.
func BenchmarkSequentialRead(b *testing.B) {
	mountable(b)
	s := &volumetest.Store{}
	dek := volumetest.Key(b, 1)
	m := volumetest.Seal(b, s, dek, 1, map[string][]byte{"big": volumetest.Bytes(benchSize, 1)})
	url := serveHTTP(b, s)
	for name, src := range map[string]volume.Source{"mount/memory": s, "mount/http": overHTTP{s, url}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				b.StopTimer()
				dir, mounted := mountDataset(b, volume.Dataset{Name: "north", Manifest: m, Source: src, DEK: dek}, volume.Options{})
				b.StartTimer()
				drain(b, filepath.Join(dir, "big"))
				b.StopTimer()
				st := mounted.Stats()
				b.ReportMetric(float64(st.Requests), "requests")
				b.ReportMetric(float64(resident(b)), "MiB-resident")
				if err := mounted.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
	b.Run("plain/http", func(b *testing.B) {
		b.SetBytes(benchSize)
		buf := make([]byte, 1<<20)
		for b.Loop() {
			resp, err := http.Get(url + "/blob-0")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, buf); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
	b.Run("mount/warm", func(b *testing.B) {
		dir, _ := mountDataset(b, volume.Dataset{Name: "north", Manifest: m, Source: s, DEK: dek}, volume.Options{})
		drain(b, filepath.Join(dir, "big"))
		b.SetBytes(benchSize)
		for b.Loop() {
			drain(b, filepath.Join(dir, "big"))
		}
	})
}

// resident is this process's memory in MiB; the store in memory holds 512 of them.
func resident(b *testing.B) int {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(string(bytes.Fields(raw)[1]))
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}
