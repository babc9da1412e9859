package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/cleanroom-dev/cleanroom/core/spec/field"
)

// parseJSON returns the same tree that the document would give as YAML. JSON is
// not handed to the YAML reader: the two disagree on escapes of surrogate pairs.
func parseJSON(b []byte, c *field.Collector) *yaml.Node {
	var raw json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		offset := int64(len(b))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = syntax.Offset
		}
		c.At(root, lineAt(b, offset))
		c.Add(root, "is not JSON: %v", err)
		return nil
	}
	r := &jsonReader{d: json.NewDecoder(bytes.NewReader(b)), b: b, line: 1}
	r.d.UseNumber()
	n, err := r.node(0)
	if err != nil {
		c.At(root, r.line)
		c.Add(root, "is not JSON: %v", err)
		return nil
	}
	return n
}

func lineAt(b []byte, offset int64) int {
	return 1 + bytes.Count(b[:min(max(offset, 0), int64(len(b)))], []byte("\n"))
}

type jsonReader struct {
	d    *json.Decoder
	b    []byte
	done int64 // the lines before this offset are counted
	line int
}

func (r *jsonReader) token() (json.Token, error) {
	t, err := r.d.Token()
	if at := r.d.InputOffset(); at > r.done {
		r.line += bytes.Count(r.b[r.done:at], []byte("\n"))
		r.done = at
	}
	return t, err
}

func (r *jsonReader) node(depth int) (*yaml.Node, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line}
	switch v := t.(type) {
	case json.Delim:
		return n, r.fill(n, v, depth)
	case string:
		n.Tag, n.Value = "!!str", v
	case json.Number:
		n.Tag, n.Value = "!!float", v.String()
		if integer.MatchString(n.Value) {
			n.Tag = "!!int"
		}
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}

// fill reads the members of the array or object that has just begun.
func (r *jsonReader) fill(n *yaml.Node, open json.Delim, depth int) error {
	if depth >= maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	if open == '{' {
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
	}
	for r.d.More() {
		child, err := r.node(depth + 1)
		if err != nil {
			return err
		}
		n.Content = append(n.Content, child)
	}
	_, err := r.token()
	return err
}
