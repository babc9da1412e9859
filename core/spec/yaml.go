package spec

import (
	"bytes"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/cleanroom-dev/cleanroom/core/spec/field"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

const emptyDocument = "is empty: a specification begins with apiVersion: " + v1.APIVersion

// yamlError is how the library writes the place of a syntax error.
var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// parseYAML returns the only document's tree. Everything by which two readers
// could see two documents is refused here: anchors, aliases, merge keys, tags.
func parseYAML(b []byte, c *field.Collector) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, second yaml.Node
	err := d.Decode(&doc)
	if err == io.EOF || err == nil && len(doc.Content) != 1 {
		c.Add(root, emptyDocument)
		return nil
	}
	if err == nil {
		if err = d.Decode(&second); err == nil {
			c.At(root, second.Line)
			c.Add(root, "a second document begins here: one file holds one specification")
			return nil
		}
	}
	if err != nil && err != io.EOF {
		line, text := 1, err.Error()
		if m := yamlError.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1])
			text = m[2]
		}
		c.At(root, max(line, 1))
		c.Add(root, "is not YAML: %s", text)
		return nil
	}
	tree := doc.Content[0]
	if !plain(tree, c) {
		return nil
	}
	return tree
}

// plain reports that no node uses what a specification must not use.
func plain(n *yaml.Node, c *field.Collector) bool {
	var why string
	switch {
	case n.Kind == yaml.AliasNode:
		why = "aliases are not allowed: write the value out"
	case n.Anchor != "":
		why = "anchors are not allowed: write the value out where it is used"
	case n.Tag == "!!merge":
		why = "merge keys are not allowed: write the fields out"
	case n.Style&yaml.TaggedStyle != 0:
		why = "tags are not allowed: leave " + n.Tag + " out"
	}
	if why != "" {
		c.At(root, n.Line)
		c.Add(root, "%s", why)
		return false
	}
	for _, child := range n.Content {
		if !plain(child, c) {
			return false
		}
	}
	return true
}
