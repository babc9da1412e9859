// Package demo holds the files of the demo; here are the tests of its API policy.
package demo_test

import (
	"embed"
	"io/fs"
	"testing"

	"github.com/cleanroom-dev/cleanroom/policies/policytest"
)

// files are embedded because a build's sandbox shows files as links, which a bundle may not hold.
//
//go:embed policies/reference
var files embed.FS

func TestReference(t *testing.T) {
	bundle, err := fs.Sub(files, "policies/reference")
	if err != nil {
		t.Fatal(err)
	}
	policytest.Run(t, bundle)
}
