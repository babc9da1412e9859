// Package spectest gives tests a specification that is valid and uses every
// section. Its keys belong to nobody. It is for tests alone.
package spectest

import (
	_ "embed"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// YAML is the document.
//
//go:embed joint-study.yaml
var YAML string

// Example returns the document decoded; each call returns its own.
func Example(t testing.TB) *v1.Spec {
	t.Helper()
	s, err := spec.Decode("joint-study.yaml", []byte(YAML))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
