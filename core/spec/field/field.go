// Package field collects everything that is wrong with a document, each with its
// field path, its line and what would be right. It never stops at the first.
package field

import (
	"fmt"
	"sort"
	"strings"
)

// Violation is one thing that is wrong at one place.
type Violation struct {
	Path    string `json:"path"`           // such as spec.sources[2].config.container
	Line    int    `json:"line,omitempty"` // in the document, from 1; 0 when there is no document
	Message string `json:"message"`        // what would be right, and what is there
}

// String is the one line that a person reads.
func (v Violation) String() string {
	if v.Line == 0 {
		return v.Path + ": " + v.Message
	}
	return fmt.Sprintf("%s: %s (line %d)", v.Path, v.Message, v.Line)
}

// Errors is the error that holds every violation of a document.
type Errors struct {
	Document   string // its name, such as a file's; may be empty
	Violations []Violation
}

// Error has one line per violation.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, v := range e.Violations {
		if i > 0 {
			b.WriteByte('\n')
		}
		if e.Document != "" {
			b.WriteString(e.Document + ": ")
		}
		b.WriteString(v.String())
	}
	return b.String()
}

// Collector gathers violations. Its zero value is ready, for one goroutine.
type Collector struct {
	lines map[string]int
	seen  map[string]bool
	list  []Violation
}

// At remembers on which line of the document path begins.
func (c *Collector) At(path string, line int) {
	if c.lines == nil {
		c.lines = map[string]int{}
	}
	c.lines[path] = line
}

// Add records a violation. Only the first at a path counts: that a value of the
// wrong type is also "required" helps nobody.
func (c *Collector) Add(path, format string, args ...any) {
	if !c.seen[path] {
		c.AddLine(path, c.line(path), format, args...)
	}
}

// AddLine records a violation that is not on the line of path's value, whatever else is wrong there.
func (c *Collector) AddLine(path string, line int, format string, args ...any) {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[path] = true
	c.list = append(c.list, Violation{Path: path, Line: line, Message: fmt.Sprintf(format, args...)})
}

// Has reports that something is wrong at path itself.
func (c *Collector) Has(path string) bool { return c.seen[path] }

// Err returns nil, or an *Errors with the violations in the order of the lines.
func (c *Collector) Err(document string) error {
	if len(c.list) == 0 {
		return nil
	}
	sort.SliceStable(c.list, func(i, j int) bool { return c.list[i].Line < c.list[j].Line })
	return &Errors{Document: document, Violations: c.list}
}

// line is that of path, or for what is missing that of the nearest thing around it.
func (c *Collector) line(path string) int {
	for path != "" {
		if line, ok := c.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}
