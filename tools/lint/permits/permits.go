// Package permits holds that nothing privileged is done around the gate: a permit is made in
// core/governance alone, and whoever takes one looks at it. What a permit then allows is for
// core/permit to say.
package permits

import (
	"fmt"
	"go/ast"
	"path"
	"strings"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

const (
	pkg    = "core/permit"
	issuer = "core/governance"
)

// Check looks at every file that imports core/permit, but for tests.
func Check(files []source.GoFile) []source.Finding {
	var found []source.Finding
	for _, f := range files {
		local := localName(f)
		if local == "" || f.Test || f.Dir == pkg || strings.HasSuffix(f.Dir, "test") {
			continue
		}
		add := func(n ast.Node, format string, args ...any) {
			found = append(found, source.Finding{Path: f.Path, Line: f.Set.Position(n.Pos()).Line, Text: fmt.Sprintf(format, args...)})
		}
		if local == "." {
			add(f.Syntax, "imports %s into its own names, which hides who makes permits", pkg)
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if selects(n, local, "Issue") && f.Dir != issuer {
					add(n, "makes a permit; only the gate in %s does", issuer)
				}
			case *ast.FuncDecl:
				if n.Body != nil {
					unused(n.Name.Name, n.Type, n.Body, local, add)
				}
			}
			return true
		})
	}
	return found
}

// localName is what the file calls core/permit, or "".
func localName(f source.GoFile) string {
	for i, imp := range f.Imports {
		if imp.Inside != pkg {
			continue
		}
		if name := f.Syntax.Imports[i].Name; name != nil {
			return name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

func selects(e ast.Expr, local, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == local
}

// unused reports parameters of type Permit that the body never mentions: they look like a
// gate and are none. The functions that are handed to the gate are literals, and free to do
// nothing that needs one.
func unused(fn string, t *ast.FuncType, body *ast.BlockStmt, local string, add func(ast.Node, string, ...any)) {
	for _, field := range t.Params.List {
		if !selects(field.Type, local, "Permit") {
			continue
		}
		if len(field.Names) == 0 {
			add(field, "%s takes a permit and never checks it", fn)
		}
		for _, name := range field.Names {
			if name.Name == "_" || !mentions(body, name.Name) {
				add(name, "%s takes a permit and never checks it", fn)
			}
		}
	}
}

func mentions(body *ast.BlockStmt, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}
