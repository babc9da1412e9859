// Package source reads the repository's files for the lints: the Go packages with what they
// import, and every text file. It never looks at what a build made or at other modules.
package source

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Module is the module's path.
const Module = "github.com/cleanroom-dev/cleanroom"

// Finding is one thing that a lint objects to.
type Finding struct {
	Path string // from the root of the repository
	Line int    // from 1; 0 is the file as a whole
	Text string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Text) }

// Sort orders findings by place.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// GoFile is one parsed Go file, whatever its build constraints.
type GoFile struct {
	Path    string // from the root
	Dir     string // its package's folder
	Test    bool   // _test.go
	Main    bool   // package main
	Set     *token.FileSet
	Syntax  *ast.File
	Imports []Import
}

// Import is one import of a file. Inside is its folder when it is of this module, else "".
type Import struct {
	Path   string
	Inside string
	Line   int
}

// skipped names folders that hold nothing of ours or other modules.
func skipped(name string) bool {
	base := path.Base(name)
	return base == ".git" || base == "node_modules" || base == "testdata" ||
		strings.HasPrefix(name, "bazel-") || name == "tools/build/stubs"
}

// Go parses every Go file of the module under root.
func Go(root fs.FS) ([]GoFile, error) {
	var files []GoFile
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir
			}
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		f, err := parse(root, name)
		files = append(files, f)
		return err
	})
	return files, err
}

func parse(root fs.FS, name string) (GoFile, error) {
	raw, err := fs.ReadFile(root, name)
	if err != nil {
		return GoFile{}, err
	}
	f := GoFile{Path: name, Dir: path.Dir(name), Test: strings.HasSuffix(name, "_test.go"), Set: token.NewFileSet()}
	if f.Syntax, err = parser.ParseFile(f.Set, name, raw, parser.SkipObjectResolution); err != nil {
		return GoFile{}, err
	}
	f.Main = f.Syntax.Name.Name == "main"
	for _, spec := range f.Syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return GoFile{}, fmt.Errorf("%s: %w", name, err)
		}
		inside, ok := strings.CutPrefix(p, Module+"/")
		if !ok {
			inside = ""
		}
		f.Imports = append(f.Imports, Import{Path: p, Inside: inside, Line: f.Set.Position(spec.Pos()).Line})
	}
	return f, nil
}

// Text calls do for every file that a person wrote, with its content.
func Text(root fs.FS, do func(name string, content []byte)) error {
	return fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := path.Base(name)
			if base == ".git" || base == "node_modules" || strings.HasPrefix(name, "bazel-") {
				return fs.SkipDir
			}
			return nil
		}
		// bazel-bin and the like are links; user.bazelrc is a person's own and not tracked.
		if !d.Type().IsRegular() || name == "user.bazelrc" {
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if !slices.Contains(content[:min(len(content), 8000)], 0) {
			do(name, content)
		}
		return nil
	})
}
