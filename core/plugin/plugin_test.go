package plugin_test

import (
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/object"
)

func TestSourceEndToEnd(t *testing.T) {
	p := started(t, install(t, "source/good"))
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), "a/b c")
	if err != nil || info.Size != 12 {
		t.Fatalf("Stat = %+v, %v", info, err)
	}
	b := make([]byte, 5)
	if err := s.ReadRange(t.Context(), info, 7, b); err != nil || string(b) != "world" {
		t.Errorf("ReadRange = %q, %v", b, err)
	}
	var all []object.Info
	for o, err := range s.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	if len(all) != 1 || all[0] != info {
		t.Errorf("List = %+v, want %+v", all, info)
	}
}
