package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/Microsoft/hcsshim/ext4/tar2ext4"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// config is what the image says of how to run it.
type config struct {
	entrypoint []string
	env        []string
	user       string
	workDir    string
}

// uncompressed is the media type of a layer that is a plain tar archive. Nothing is gained
// by compressing what never leaves the machine, and the compressor cannot change the digest.
const uncompressed = types.MediaType("application/vnd.oci.image.layer.v1.tar")

// build returns the image of one layer.
func build(layer []byte, c config) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(layer, uncompressed), MediaType: uncompressed})
	if err != nil {
		return nil, err
	}
	have, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cf := have.DeepCopy()
	cf.OS, cf.Architecture = "linux", "amd64"
	cf.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	cf.History = nil
	cf.Config = v1.Config{Entrypoint: c.entrypoint, Env: c.env, User: c.user, WorkingDir: c.workDir}
	return mutate.ConfigFile(img, cf)
}

// verityRoot returns the dm-verity root hash of the layer as the platform mounts it: this is
// the call that the platform's own tool makes.
func verityRoot(layer []byte) (string, error) {
	return tar2ext4.ConvertAndComputeRootDigest(bytes.NewReader(layer))
}

// writeLayout writes an OCI image layout that holds img alone, as one tar archive.
func writeLayout(w io.Writer, img v1.Image) error {
	dir, err := os.MkdirTemp("", "ociimage")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	if err := p.AppendImage(img); err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	return archive(w, os.DirFS(dir))
}

// archive writes the tree as tar: sorted (WalkDir's order), no times, no owners, fixed modes.
func archive(w io.Writer, tree fs.FS) error {
	tw := tar.NewWriter(w)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(name), Mode: modeData, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		if d.IsDir() {
			h.Typeflag, h.Name, h.Mode = tar.TypeDir, h.Name+"/", modeDir
			return tw.WriteHeader(h)
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		_, err = tw.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return tw.Close()
}
