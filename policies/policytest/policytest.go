// Package policytest runs a policy bundle's own Rego tests under the compiler
// that the room uses. It is for tests alone.
package policytest

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/cleanroom-dev/cleanroom/core/proxy"
)

// Run loads the bundle in dir as the room would, then runs its tests: at least one.
func Run(t *testing.T, dir fs.FS) {
	t.Helper()
	if _, err := proxy.LoadBundle(dir); err != nil {
		t.Fatal(err)
	}
	modules := map[string]*ast.Module{}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".rego") {
			continue
		}
		text, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		m, err := ast.ParseModuleWithOpts(e.Name(), string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: proxy.Capabilities()})
		if err != nil {
			t.Fatal(err)
		}
		modules[e.Name()] = m
	}
	compiler := ast.NewCompiler().WithStrict(true).WithCapabilities(proxy.Capabilities())
	results, err := tester.NewRunner().SetCompiler(compiler).SetModules(modules).RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for r := range results {
		ran++
		if r.Error != nil || r.Fail {
			t.Errorf("%s: %s failed: %v", r.Location, r.Name, r.Error)
		}
	}
	if ran == 0 {
		t.Error("the bundle has no test")
	}
}
