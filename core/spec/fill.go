package spec

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cleanroom-dev/cleanroom/core/spec/field"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

const maxDepth = 32 // of nesting

// Other spellings of a number (0x10, 1_000, 1e3, .5) are refused: one value, one spelling.
var (
	integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimal = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	simple  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// filler fills Go values from a tree and says what does not fit.
type filler struct {
	c     *field.Collector
	depth int
}

func (f *filler) value(n *yaml.Node, v reflect.Value, path string) {
	f.depth++
	defer func() { f.depth-- }()
	if path != root {
		f.c.At(path, n.Line)
	}
	if n.Tag == "!!null" {
		f.c.Add(path, "has no value: give one or leave the field out")
		return
	}
	if f.depth > maxDepth {
		f.c.Add(path, "is nested deeper than %d", maxDepth)
		return
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		f.text(n, t, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.value(n, v.Elem(), path)
	case reflect.Struct:
		f.object(n, v, path)
	case reflect.Slice:
		f.list(n, v, path)
	case reflect.Map:
		f.table(n, v, path)
	case reflect.Interface:
		f.any(n, v, path)
	default:
		f.scalar(n, v, path)
	}
}

func (f *filler) text(n *yaml.Node, t encoding.TextUnmarshaler, path string) {
	want := "!!str"
	if _, ok := t.(*v1.Size); ok && n.Tag == "!!int" {
		want = n.Tag
	}
	if n.Kind != yaml.ScalarNode || n.Tag != want {
		f.c.Add(path, "must be a string (got %s)", describe(n))
		return
	}
	if err := t.UnmarshalText([]byte(n.Value)); err != nil {
		f.c.Add(path, "%v", err)
	}
}

func (f *filler) scalar(n *yaml.Node, v reflect.Value, path string) {
	wrong := func(want string) { f.c.Add(path, "must be %s (got %s)", want, describe(n)) }
	switch v.Kind() {
	case reflect.String:
		if n.Tag != "!!str" {
			wrong("a string, in quotes when it looks like something else")
			return
		}
		v.SetString(n.Value)
	case reflect.Float64:
		x, err := strconv.ParseFloat(n.Value, 64)
		if n.Tag != "!!int" && n.Tag != "!!float" || !decimal.MatchString(n.Value) || err != nil {
			wrong("a number such as 2 or 1.5")
			return
		}
		v.SetFloat(x)
	case reflect.Int64:
		x, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Tag != "!!int" || !integer.MatchString(n.Value) || err != nil {
			wrong("a whole number")
			return
		}
		v.SetInt(x)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, err := strconv.ParseUint(n.Value, 10, v.Type().Bits())
		if n.Tag != "!!int" || !integer.MatchString(n.Value) || err != nil {
			wrong(fmt.Sprintf("a whole number from 0 to %d", ^uint64(0)>>(64-v.Type().Bits())))
			return
		}
		v.SetUint(x)
	default:
		f.c.Add(path, "has a type that the reader does not know: %s", v.Type())
	}
}

// any fills plugin configuration: strings, whole numbers, booleans, lists and objects.
func (f *filler) any(n *yaml.Node, v reflect.Value, path string) {
	var out any
	switch {
	case n.Kind == yaml.MappingNode:
		m := map[string]any{}
		f.table(n, reflect.ValueOf(&m).Elem(), path)
		out = m
	case n.Kind == yaml.SequenceNode:
		l := []any{}
		f.list(n, reflect.ValueOf(&l).Elem(), path)
		out = l
	case n.Tag == "!!str":
		out = n.Value
	case n.Tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		out = n.Value == "true"
	case n.Tag == "!!int":
		var x int64
		f.scalar(n, reflect.ValueOf(&x).Elem(), path)
		out = x
	default:
		f.c.Add(path, "must be a string, whole number, true, false, list or object (got %s); put it in quotes", describe(n))
		return
	}
	v.Set(reflect.ValueOf(out))
}

func (f *filler) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		f.c.Add(path, "must be a list (got %s)", describe(n))
		return
	}
	if len(n.Content) == 0 {
		return // as if left out, so that both have one canonical form
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, child := range n.Content {
		f.value(child, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (f *filler) table(n *yaml.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	f.members(n, path, func(key string, value *yaml.Node, path string) {
		e := reflect.New(v.Type().Elem()).Elem()
		f.value(value, e, path)
		v.SetMapIndex(reflect.ValueOf(key), e)
	})
	if v.Len() == 0 && v.Type().Elem().Kind() == reflect.String {
		v.SetZero() // as if left out, so that both have one canonical form
	}
}

func (f *filler) object(n *yaml.Node, v reflect.Value, path string) {
	fields := map[string]reflect.Value{}
	named(v, fields)
	names := slices.Sorted(maps.Keys(fields))
	f.members(n, path, func(key string, value *yaml.Node, at string) {
		if _, ok := fields[key]; !ok {
			f.c.AddLine(at, value.Line, "is not a known field%s", field.DidYouMean(key, names))
			return
		}
		f.value(value, fields[key], at)
	})
}

// named adds v's fields by their names in a document. Those of an embedded struct
// stand in the same object, as encoding/json has it.
func named(v reflect.Value, fields map[string]reflect.Value) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if sf.Anonymous {
			named(v.Field(i), fields)
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		fields[name] = v.Field(i)
	}
}

// members calls each once per key; a key that stands twice is a violation.
func (f *filler) members(n *yaml.Node, path string, each func(key string, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		f.c.Add(path, "must be an object with named fields (got %s)", describe(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		if k.Tag != "!!str" {
			f.c.Add(path, "has a field name that is not a string: %s", describe(k))
			continue
		}
		at := member(path, k.Value)
		if line, ok := first[k.Value]; ok {
			f.c.AddLine(at, k.Line, "stands twice, first on line %d", line)
			continue
		}
		first[k.Value] = k.Line
		each(k.Value, value, at)
	}
}

// member is the path of a field; a name that could be taken for a path is quoted.
func member(path, name string) string {
	if !simple.MatchString(name) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	return path + "." + name
}

// describe says what a node is, in a reader's words.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!str":
		return fmt.Sprintf("%.40q", n.Value)
	case "!!null":
		return "nothing"
	}
	return fmt.Sprintf("%.40s", n.Value)
}
