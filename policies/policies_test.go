// Package policies holds the Rego that ships with the clean room. Its tests run
// every bundle's own tests under the compiler that the room uses.
package policies_test

import (
	"embed"
	"io/fs"
	"path"
	"testing"

	"github.com/cleanroom-dev/cleanroom/policies/policytest"
)

// files are embedded because a build's sandbox shows files as links, which a bundle may not hold.
//
//go:embed api
var files embed.FS

func TestBundles(t *testing.T) {
	bundles := 0
	err := fs.WalkDir(files, "api", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || name == "api" {
			return err
		}
		if _, err := fs.Stat(files, path.Join(name, "policy.rego")); err != nil {
			return nil
		}
		bundles++
		t.Run(path.Base(name), func(t *testing.T) { runBundle(t, name) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if bundles < 2 {
		t.Errorf("found %d bundles, want at least closed and readonly", bundles)
	}
}

func runBundle(t *testing.T, dir string) {
	bundle, err := fs.Sub(files, dir)
	if err != nil {
		t.Fatal(err)
	}
	policytest.Run(t, bundle)
}
