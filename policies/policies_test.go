// Package policies holds the Rego that ships with the clean room. Its tests run
// every bundle's own tests under the compiler that the room uses.
package policies_test

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/cleanroom-dev/cleanroom/core/proxy"
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
	if _, err := proxy.LoadBundle(bundle); err != nil {
		t.Fatal(err)
	}
	modules := map[string]*ast.Module{}
	entries, err := files.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".rego") {
			continue
		}
		text, err := files.ReadFile(path.Join(dir, e.Name()))
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
		t.Errorf("%s: has no test", dir)
	}
}
