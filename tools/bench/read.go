package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

const (
	fileSize  = 1 << 30
	readLimit = 150 // MiB/s
	dataset   = "bench"
	blobName  = "large"
)

// fill writes fileSize bytes that do not repeat.
func fill(w io.Writer) error {
	_, err := io.CopyN(w, rand.NewChaCha8([32]byte{1}), fileSize)
	return err
}

// key is the DEK of data that anybody can make.
func key() (*secret.Bytes, error) { return secret.New(bytes.Repeat([]byte{1}, sealed.KeySize)) }

// seal makes the file and seals it, in memory.
func seal() ([]byte, sealed.Entry, error) {
	e := sealed.Entry{Path: "large.bin", Blob: blobName, Size: fileSize}
	dek, err := key()
	if err != nil {
		return nil, e, err
	}
	defer dek.Destroy()
	out := bytes.NewBuffer(make([]byte, 0, sealed.SealedSize(fileSize)))
	w, err := sealed.NewWriter(out, dek, sealed.FileContext(dataset, e.Path, 1))
	if err != nil {
		return nil, e, err
	}
	h := sha256.New()
	if err := fill(io.MultiWriter(w, h)); err != nil {
		return nil, e, err
	}
	if err := w.Close(); err != nil {
		return nil, e, err
	}
	e.Header, e.SHA256 = w.Header(), digest.FromHash(h)
	return out.Bytes(), e, nil
}

// read measures one sequential read of a cold file through the mount, and plain
// downloads of the same sealed bytes.
func (b *bench) read(ctx context.Context) error {
	blob, entry, err := seal()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob))
	})}
	go server.Serve(l)
	defer server.Close()
	memory := readJob{Entry: entry, URL: "http://" + l.Addr().String() + "/" + blobName}
	if err := b.compare(ctx, "our store in memory", memory); err != nil {
		return err
	}

	a, err := b.azurite(ctx)
	if err != nil {
		return err
	}
	defer a.stop()
	if _, err := a.c.NewBlockBlobClient(blobName).UploadBuffer(ctx, blob, nil); err != nil {
		return err
	}
	blob = nil
	azure := readJob{Entry: entry, URL: a.endpoint + "/" + containerName + "/" + blobName + "?" + a.token, Token: a.token,
		Config: map[string]any{"endpoint": a.endpoint, "container": containerName}}
	if azure.Plugin, err = b.plugin("source/azblob"); err != nil {
		return err
	}
	return b.compare(ctx, "Azurite, by the plugin", azure)
}

// pluginFile is a plugin of the release, as it lies there now.
type pluginFile struct {
	Name, Path string
	Checksum   digest.SHA256
}

func (b *bench) plugin(name string) (pluginFile, error) {
	p := pluginFile{Name: name, Path: filepath.Join(b.Release, "plugins", filepath.FromSlash(name))}
	raw, err := os.ReadFile(p.Path)
	if err != nil {
		return p, fault.New(fault.Usage, "bench", "--release: %w", err)
	}
	p.Checksum = digest.Of(raw)
	return p, nil
}

// compare runs a job and its plain twin in turn.
func (b *bench) compare(ctx context.Context, from string, j readJob) error {
	var speed, plain, memory []float64
	var requests int64
	for n := range b.Runs {
		for _, j.Plain = range []bool{true, false} {
			j.Dir = filepath.Join(b.dir, fmt.Sprintf("read%d", n))
			r, err := child[readResult](ctx, "read", j)
			if err != nil {
				return err
			}
			mibs := fileSize / (1 << 20) / r.Seconds
			if j.Plain {
				plain = append(plain, mibs)
				continue
			}
			speed, memory, requests = append(speed, mibs), append(memory, r.Peak), r.Requests
		}
	}
	b.report.add(Measure{Name: "mount: sequential read, " + from, Unit: "MiB/s", Ours: median(speed), Peer: "plain HTTP download of the sealed bytes", Other: median(plain), Limit: readLimit, Least: true,
		Note: fmt.Sprintf("1 GiB in %d range reads", requests)})
	b.report.add(Measure{Name: "  memory of the process meanwhile", Unit: "MiB", Ours: median(memory), Limit: memoryLimit})
	return nil
}
