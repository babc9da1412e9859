package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Change is one field that differs. Old is "" for what is new, New for what is gone.
type Change struct {
	Path string `json:"path"` // spec.sources[measures].sealing.version: named elements by their names
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

func (c Change) String() string {
	switch {
	case c.Old == "":
		return fmt.Sprintf("+ %s: %s", c.Path, c.New)
	case c.New == "":
		return fmt.Sprintf("- %s: %s", c.Path, c.Old)
	}
	return fmt.Sprintf("~ %s: %s -> %s", c.Path, c.Old, c.New)
}

// Diff returns what differs between two valid specifications, in the order of the
// paths. It is empty if and only if their digests are equal.
func Diff(old, new *v1.Spec) []Change {
	before, after := flat(old), flat(new)
	all := map[string]bool{}
	for _, side := range []map[string]string{before, after} {
		for path := range side {
			all[path] = true
		}
	}
	var out []Change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if before[path] != after[path] {
			out = append(out, Change{path, before[path], after[path]})
		}
	}
	return out
}

// flat gives each leaf of the canonical form by its path.
func flat(s *v1.Spec) map[string]string {
	out := map[string]string{}
	b, err := canonical.Marshal(s)
	if err != nil {
		return out
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) == nil {
		flatten(root, tree, out)
	}
	return out
}

func flatten(path string, v any, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			out[path] = "{}"
		}
		for k, e := range v {
			flatten(member(path, k), e, out)
		}
	case []any:
		flattenList(path, v, out)
	default:
		b, _ := canonical.Marshal(v)
		out[path] = string(b)
	}
}

// flattenList names elements by their names where each has its own, so that one
// put in front does not change all that follow; their order is then a leaf itself.
func flattenList(path string, list []any, out map[string]string) {
	var order []string
	for _, e := range list {
		m, _ := e.(map[string]any)
		name, _ := m["name"].(string)
		if name == "" || slices.Contains(order, name) {
			order = nil
			break
		}
		order = append(order, name)
	}
	if len(list) == 0 {
		out[path] = "[]"
	}
	for i, e := range list {
		key := fmt.Sprint(i)
		if order != nil {
			key = order[i]
		}
		if !simple.MatchString(key) {
			key = strconv.Quote(key)
		}
		flatten(path+"["+key+"]", e, out)
	}
	if len(order) > 1 {
		out[path+" order"] = strings.Join(order, ", ")
	}
}
