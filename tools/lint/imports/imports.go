// Package imports holds the arrows between the repository's packages: which may import which.
// The table is in table.go; this file only compares. It never resolves a build constraint:
// an arrow that exists on one platform alone is an arrow.
package imports

import (
	"fmt"
	"path"
	"strings"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

// Check compares every import with the table.
func Check(files []source.GoFile) []source.Finding {
	var found []source.Finding
	for _, f := range files {
		for _, imp := range f.Imports {
			if why := objection(f, imp); why != "" {
				found = append(found, source.Finding{Path: f.Path, Line: imp.Line, Text: why})
			}
		}
	}
	return append(found, simulators(files)...)
}

func objection(f source.GoFile, imp source.Import) string {
	for name, folders := range only {
		if under(imp.Path, name) && !underAny(f.Dir, folders) {
			return fmt.Sprintf("imports %s, which is for %s alone", imp.Path, strings.Join(folders, ", "))
		}
	}
	if imp.Inside == "" || under(imp.Inside, f.Dir) {
		return ""
	}
	z, ok := zones[first(f.Dir, 1)]
	if !ok {
		return fmt.Sprintf("%s is in no zone of tools/lint/imports/table.go", f.Dir)
	}
	test := f.Test || fake(f.Dir)
	own := under(imp.Inside, first(f.Dir, z.own))
	switch {
	case fake(imp.Inside) && !test && !underAny(f.Dir, fakeImporters):
		return fmt.Sprintf("imports %s, which is for tests", imp.Inside)
	case !own && !underAny(imp.Inside, z.code) && !(test && underAny(imp.Inside, z.tests)):
		return fmt.Sprintf("%s may not import %s", f.Dir, imp.Inside)
	case own && !test && first(f.Dir, 1) == "core":
		return order(f.Dir, imp.Inside)
	}
	return ""
}

// order holds core's layers.
func order(from, to string) string {
	a, an := layer(from)
	b, bn := layer(to)
	switch {
	case a < 0:
		return fmt.Sprintf("%s is in no layer of tools/lint/imports/table.go", from)
	case b < 0:
		return fmt.Sprintf("%s is in no layer of tools/lint/imports/table.go", to)
	case b > a || b == a && an != bn:
		return fmt.Sprintf("%s may not import %s: arrows point to layers before its own", from, to)
	}
	return ""
}

// layer returns the position of the longest name that dir is under, and that name.
func layer(dir string) (pos int, name string) {
	pos = -1
	for i, names := range layers {
		for _, n := range names {
			if under(dir, n) && len(n) > len(name) {
				pos, name = i, n
			}
		}
	}
	return pos, name
}

// simulators finds programs that reach the simulator and are not called so.
func simulators(files []source.GoFile) []source.Finding {
	next := map[string][]string{} // of what is not a test
	mains := map[string]source.GoFile{}
	for _, f := range files {
		if f.Test {
			continue
		}
		for _, imp := range f.Imports {
			if imp.Inside != "" {
				next[f.Dir] = append(next[f.Dir], imp.Inside)
			}
		}
		if f.Main {
			mains[f.Dir] = f
		}
	}
	var found []source.Finding
	for dir, f := range mains {
		if strings.HasSuffix(dir, "-sim") {
			continue
		}
		if way := reach(next, dir, map[string]bool{}); way != nil {
			found = append(found, source.Finding{Path: f.Path, Line: 1,
				Text: fmt.Sprintf("links the simulator, so its name must end in -sim: %s", strings.Join(way, " → "))})
		}
	}
	return found
}

// reach returns a way from dir to the simulator, or nil.
func reach(next map[string][]string, dir string, seen map[string]bool) []string {
	if dir == simulator {
		return []string{dir}
	}
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	for _, to := range next[dir] {
		if way := reach(next, to, seen); way != nil {
			return append([]string{dir}, way...)
		}
	}
	return nil
}

// fake says that a folder's name ends in test, as spectest or plugintest, or lies below one.
func fake(dir string) bool {
	for ; dir != "." && dir != "/"; dir = path.Dir(dir) {
		base := path.Base(dir)
		if strings.HasSuffix(base, "test") && base != "attest" || base == "needs" {
			return true
		}
	}
	return false
}

func first(dir string, n int) string {
	parts := strings.Split(dir, "/")
	return strings.Join(parts[:min(n, len(parts))], "/")
}

func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func underAny(p string, dirs []string) bool {
	for _, d := range dirs {
		if under(p, d) {
			return true
		}
	}
	return false
}
