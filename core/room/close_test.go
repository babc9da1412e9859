package room

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestARecordSaysWhereARunEnded(t *testing.T) {
	tampered := fault.New(fault.Tampered, "volume.read", "blob\n: %w", errors.New("of others"))
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"the stage, the source, and what was done": {fault.Wrap("capture", fault.Wrap("source north", tampered)), "capture, source north, volume.read"},
		"three names at most":                      {fault.Wrap("mount", fault.Wrap("a", fault.Wrap("b", tampered))), "mount, a, b"},
		"texts between are left out":               {fault.Wrap("mount", fmt.Errorf("other: %w", tampered)), "mount, volume.read"},
		"what is no name is left out":              {fault.Wrap("mount", fault.Wrap("a\nb", fault.Wrap(strings.Repeat("x", 141), tampered))), "mount, volume.read"},
		"an error without names":                   {errors.New("x"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := where(tc.err); got != tc.want {
				t.Errorf("where(%v) = %q, want %q", tc.err, got, tc.want)
			}
		})
	}
}
