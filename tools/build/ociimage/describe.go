package main

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

// describe returns what images.lock says of img, whose only layer is layer.
func describe(name string, layer []byte, img v1.Image) (policy.Image, error) {
	manifest, err := img.Digest()
	if err != nil {
		return policy.Image{}, err
	}
	configuration, err := img.ConfigName()
	if err != nil {
		return policy.Image{}, err
	}
	root, err := verityRoot(layer)
	if err != nil {
		return policy.Image{}, err
	}
	out := policy.Image{Name: name, DiffIDs: []digest.SHA256{digest.Of(layer)}, VerityRoots: []string{root}}
	if out.Manifest, err = digest.Parse(manifest.String()); err != nil {
		return policy.Image{}, err
	}
	out.Config, err = digest.Parse(configuration.String())
	return out, err
}
