// Package spec reads, checks, compares and explains the specification: the
// document that the parties of a clean room agree on. It never fills a gap with
// a default, never repairs, and never ignores: what it does not know it refuses.
package spec

import (
	"bytes"
	"reflect"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec/field"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// MaxSize bounds a document, in bytes.
const MaxSize = 1 << 20

// Errors lists every violation of a document; errors.As finds it in what Decode
// and Validate return.
type Errors = field.Errors

// root begins every field path.
const root = "spec"

// Decode reads one specification, in JSON when it begins with {, else in YAML.
// Name is for messages. The result is valid; every error is fault.Invalid.
func Decode(name string, b []byte) (*v1.Spec, error) {
	const op = "spec.decode"
	var c field.Collector
	tree := parse(b, &c)
	s := &v1.Spec{}
	if tree != nil {
		f := filler{c: &c}
		f.value(tree, reflect.ValueOf(s).Elem(), root)
		if tree.Kind == yaml.MappingNode {
			validate(s, &c)
		}
	}
	if err := c.Err(name); err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	return s, nil
}

// parse returns the document's tree, or nil after saying why there is none.
func parse(b []byte, c *field.Collector) *yaml.Node {
	c.At(root, 1)
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case len(b) > MaxSize:
		c.Add(root, "is larger than %d bytes (got %d)", MaxSize, len(b))
	case len(trimmed) == 0:
		c.Add(root, emptyDocument)
	case !utf8.Valid(b):
		c.Add(root, "is not text in UTF-8")
	case bytes.HasPrefix(b, []byte("\ufeff")):
		c.Add(root, "begins with a byte order mark: save it without")
	case trimmed[0] == '{':
		return parseJSON(b, c)
	default:
		return parseYAML(b, c)
	}
	return nil
}
