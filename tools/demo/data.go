package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// sealData has each hospital seal its folder and publish it to its own container.
func (d *demo) sealData(ctx context.Context) (string, error) {
	g, ctx := errgroup.WithContext(ctx)
	for source, owner := range hospitals {
		g.Go(func() error { return d.sealSource(ctx, source, owner) })
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	return "two datasets, sealed by their hospitals and published", nil
}

func (d *demo) sealSource(ctx context.Context, source, owner string) error {
	version := uint64(1)
	if d.Fault == "rolled-back-blob" && source == "north" {
		old, err := d.publish(ctx, source, owner, version)
		if err != nil {
			return err
		}
		name, err := d.dataBlob(ctx, dataset.Prefix(source, old.Version))
		if err != nil {
			return err
		}
		if d.older, err = d.blobs.get(ctx, source, name); err != nil {
			return err
		}
		version++
	}
	s, err := d.publish(ctx, source, owner, version)
	if err != nil {
		return err
	}
	d.set(source+".key", source+"-kek")
	d.set(source+".wrappedDEK", b64(s.WrappedDEK))
	d.set(source+".manifest", s.Manifest)
	d.set(source+".manifestDigest", s.ManifestDigest.String())
	d.set(source+".version", fmt.Sprint(s.Version))
	return nil
}

// publish seals into a folder first, as a provider would who keeps its data offline.
func (d *demo) publish(ctx context.Context, source, owner string, version uint64) (dataset.Description, error) {
	folder, err := dataset.OpenFolder(filepath.Join(d.dir, "sealed", source))
	if err != nil {
		return dataset.Description{}, err
	}
	defer folder.Close()
	p := d.parties[owner]
	s, err := dataset.Seal(ctx, dataset.SealOptions{Dir: filepath.Join(d.Files, "data", source), Sink: folder, Dataset: source, Version: version, KEK: p.kek, Signer: p.Key})
	if err != nil {
		return dataset.Description{}, err
	}
	to, err := d.store(source)
	if err != nil {
		return dataset.Description{}, err
	}
	_, err = dataset.Publish(ctx, folder, s, to, nil)
	return s, err
}

// store is one container of the storage, as its owner uses it.
func (d *demo) store(name string) (*blobs.Store, error) {
	return blobs.New(blobs.Options{Container: name, ConnectionString: "AccountName=" + devAccount + ";AccountKey=" + devKey + ";BlobEndpoint=" + d.blobs.endpoint + ";"})
}

// openReport is the institute's part: it opens the output whose digest the audit
// trail names, and reads the report.
func (d *demo) openReport(ctx context.Context) (string, error) {
	want, err := digest.Parse(d.released["digest"])
	if err != nil {
		return "", err
	}
	dir := filepath.Join(d.dir, "opened")
	if d.Keep == "" {
		dir = filepath.Join(d.dir, "institute")
	}
	from, err := d.store("result")
	if err != nil {
		return "", err
	}
	out, err := dataset.OpenOutput(ctx, dataset.OpenOptions{Source: from, Manifest: d.released["manifest"], Digest: want,
		Contract: d.contract, Room: d.roomKey, Key: d.parties[institute].seal, Dir: dir})
	if err != nil {
		return "", err
	}
	var report struct {
		Accuracy float64 `json:"accuracy"`
		HeldBack int     `json:"heldBack"`
	}
	if err := readJSON(filepath.Join(dir, "report.json"), &report); err != nil {
		return "", err
	}
	if err := readJSON(filepath.Join(dir, "attempts.json"), &d.summary.Attempts); err != nil {
		return "", err
	}
	if err := readJSON(filepath.Join(dir, "calls.json"), &d.summary.Calls); err != nil {
		return "", err
	}
	if c := d.summary.Calls; len(c) != 2 || c[0].Status != 200 || c[1].Status != 403 {
		return "", fault.New(fault.Internal, "proxy", "want one call allowed and one answer refused, got %+v", c)
	}
	d.summary.Accuracy, d.summary.Rows = report.Accuracy, report.HeldBack
	if d.summary.Telemetry = d.received(ctx); d.summary.Telemetry == 0 {
		return "", fault.New(fault.Unavailable, "telemetry", "the collector has not got every signal")
	}
	for _, a := range d.summary.Attempts {
		if a.Allowed {
			return "", fault.New(fault.Internal, "sandbox", "the application got through: %s %s", a.Name, a.Target)
		}
	}
	return fmt.Sprintf("%d files, accuracy %.3f", out.Len(), report.Accuracy), nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fault.New(fault.Failed, "report", "%w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fault.New(fault.Failed, "report", "%s: %w", filepath.Base(path), err)
	}
	return nil
}
