// Package policies holds the demo's API policies; here are their tests.
package policies_test

import (
	"embed"
	"io/fs"
	"testing"

	"github.com/cleanroom-dev/cleanroom/policies/policytest"
)

// files are embedded because a build's sandbox shows files as links, which a bundle may not hold.
//
//go:embed reference
var files embed.FS

func TestReference(t *testing.T) {
	bundle, err := fs.Sub(files, "reference")
	if err != nil {
		t.Fatal(err)
	}
	policytest.Run(t, bundle)
}
