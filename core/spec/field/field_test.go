package field_test

import (
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/spec/field"
)

func TestCollectorKnowsTheLineAround(t *testing.T) {
	var c field.Collector
	c.At("spec", 1)
	c.At("spec.sources[2]", 40)
	c.Add("spec.sources[2].config.container", "is required")
	c.Add("spec.sources[2].config.container", "is also wrong")
	c.Add("spec.name", "is required")
	want := "doc: spec.name: is required (line 1)\ndoc: spec.sources[2].config.container: is required (line 40)"
	if err := c.Err("doc"); err == nil || err.Error() != want {
		t.Errorf("Err = %v, want\n%s", err, want)
	}
	if err := new(field.Collector).Err("doc"); err != nil {
		t.Errorf("Err of nothing = %v", err)
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"platform", "parties", "name", "key"}
	for got, want := range map[string]string{
		"platfrom": " (did you mean platform?)", "Platform": " (did you mean platform?)",
		"keys": " (did you mean key?)", "colour": "", "": "", "x": "",
	} {
		if s := field.DidYouMean(got, names); s != want {
			t.Errorf("DidYouMean(%q) = %q, want %q", got, s, want)
		}
	}
}
