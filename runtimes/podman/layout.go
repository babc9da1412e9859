package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// OCI image specification 1.1.
const (
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar" // also with +gzip or +zstd

	maxManifest = 4 << 20 // bytes, as registries bound it
	maxLayers   = 127     // as overlay mounts bound them
)

type descriptor struct {
	MediaType string        `json:"mediaType"`
	Digest    digest.SHA256 `json:"digest"`
	Size      int64         `json:"size"`
}

// manifest has what we need. Fields that are not known are legal by the OCI
// specification, and its digest is pinned.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// image is what was verified.
type image struct {
	config digest.SHA256
	layers int
}

const opImage = "podman.image"

// copyImage copies the image whose manifest has the digest want from one OCI
// layout folder to another, to, which it makes, and hashes every blob on the
// way. A blob that is missing or not what its digest says is Tampered.
func copyImage(ctx context.Context, from, to, want string) (image, error) {
	pinned, err := digest.Parse(want)
	if err != nil {
		return image{}, sdk.Errorf(sdk.Invalid, opImage, "digest: %w", err)
	}
	if !filepath.IsAbs(from) {
		return image{}, sdk.Errorf(sdk.Invalid, opImage, "layout %.200q: must be absolute", from)
	}
	root, err := os.OpenRoot(from) // nothing outside is read, whatever links the folder holds
	if err != nil {
		return image{}, sdk.Errorf(sdk.NotFound, opImage, "layout: %w", err)
	}
	defer root.Close()
	if err := os.MkdirAll(filepath.Join(to, "blobs", "sha256"), 0o700); err != nil {
		return image{}, sdk.Errorf(sdk.Internal, opImage, "%w", err)
	}
	c := copier{root, to}
	size, err := c.blob(ctx, pinned, -1)
	if err != nil {
		return image{}, err
	}
	m, err := c.manifest(pinned)
	if err != nil {
		return image{}, err
	}
	for _, d := range append([]descriptor{m.Config}, m.Layers...) {
		if _, err := c.blob(ctx, d.Digest, d.Size); err != nil {
			return image{}, err
		}
	}
	if err := c.platform(m.Config.Digest); err != nil {
		return image{}, err
	}
	// The original index may name other images: ours names this one alone.
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{{typeManifest, pinned, size}}})
	if err != nil {
		return image{}, sdk.Errorf(sdk.Internal, opImage, "%w", err)
	}
	for name, b := range map[string][]byte{"index.json": index, "oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)} {
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return image{}, sdk.Errorf(sdk.Internal, opImage, "%w", err)
		}
	}
	return image{m.Config.Digest, len(m.Layers)}, nil
}

type copier struct {
	from *os.Root
	to   string
}

func blobName(d digest.SHA256) string { return path.Join("blobs", "sha256", d.Hex()) }

// blob copies one; size -1 means that of a manifest, which nothing states.
func (c copier) blob(ctx context.Context, d digest.SHA256, size int64) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, sdk.Errorf(sdk.Unavailable, opImage, "%w", err)
	}
	most := size
	if size < 0 {
		most = maxManifest
	}
	in, err := c.from.Open(blobName(d))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, sdk.Errorf(sdk.Tampered, opImage, "blob %v is missing", d)
	}
	if err != nil {
		return 0, sdk.Errorf(sdk.Tampered, opImage, "blob %v: %w", d, err)
	}
	defer in.Close()
	if st, err := in.Stat(); err != nil || !st.Mode().IsRegular() {
		return 0, sdk.Errorf(sdk.Tampered, opImage, "blob %v is no regular file", d)
	}
	// The same layer may stand twice in a manifest: it is written and hashed again.
	out, err := os.OpenFile(filepath.Join(c.to, blobName(d)), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, sdk.Errorf(sdk.Internal, opImage, "%w", err)
	}
	defer out.Close()
	n := new(counter)
	got, err := digest.OfReader(io.TeeReader(io.LimitReader(in, most+1), io.MultiWriter(out, n)))
	if err != nil {
		return 0, sdk.Errorf(sdk.Unavailable, opImage, "copying blob %v: %w", d, err)
	}
	if int64(*n) > most || size >= 0 && int64(*n) != size || !got.Equal(d) {
		return 0, sdk.Errorf(sdk.Tampered, opImage, "blob %v: has %d bytes with digest %v", d, *n, got)
	}
	if err := out.Close(); err != nil {
		return 0, sdk.Errorf(sdk.Unavailable, opImage, "%w", err)
	}
	return int64(*n), nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// manifest reads the copy of the manifest.
func (c copier) manifest(d digest.SHA256) (manifest, error) {
	var m manifest
	b, err := os.ReadFile(filepath.Join(c.to, blobName(d)))
	if err != nil {
		return m, sdk.Errorf(sdk.Internal, opImage, "%w", err)
	}
	if err := parseManifest(b, &m); err != nil {
		return m, sdk.Errorf(sdk.Invalid, opImage, "manifest %v: %w", d, err)
	}
	return m, nil
}

func parseManifest(b []byte, m *manifest) error {
	if err := json.Unmarshal(b, m); err != nil {
		return err
	}
	switch {
	case m.SchemaVersion != 2 || m.MediaType != "" && m.MediaType != typeManifest:
		return errors.New("is no OCI image manifest; an index must be resolved before it is pinned")
	case m.Config.MediaType != typeConfig || m.Config.Digest.IsZero() || m.Config.Size < 0 || m.Config.Size > maxManifest:
		return errors.New("config: is no OCI image configuration")
	case len(m.Layers) == 0 || len(m.Layers) > maxLayers:
		return errors.New("layers: must be between 1 and 127")
	}
	for _, l := range m.Layers {
		// Layers that may not be distributed are elsewhere: not what was pinned.
		if compression := strings.TrimPrefix(l.MediaType, typeLayer); compression == l.MediaType ||
			compression != "" && compression != "+gzip" && compression != "+zstd" || l.Digest.IsZero() || l.Size < 0 {
			return errors.New("layers: each must be an OCI image layer")
		}
	}
	return nil
}

// platform refuses an image for another machine, which podman would try to run.
func (c copier) platform(config digest.SHA256) error {
	b, err := os.ReadFile(filepath.Join(c.to, blobName(config)))
	if err != nil {
		return sdk.Errorf(sdk.Internal, opImage, "%w", err)
	}
	var about struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
	}
	if err := json.Unmarshal(b, &about); err != nil {
		return sdk.Errorf(sdk.Invalid, opImage, "config %v: %w", config, err)
	}
	if about.Architecture != runtime.GOARCH || about.OS != runtime.GOOS {
		return sdk.Errorf(sdk.Invalid, opImage, "image is for %.20q/%.20q, want %s/%s", about.OS, about.Architecture, runtime.GOOS, runtime.GOARCH)
	}
	return nil
}
