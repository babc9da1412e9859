package sandbox_test

import (
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

func TestOptions(t *testing.T) {
	ok := sandbox.Bind{Name: "spec", Source: "/x"}
	for name, tc := range map[string]struct {
		o    sandbox.Options
		want string
	}{
		"the zero value is refused":          {sandbox.Options{}, "sizes"},
		"no size for /tmp is refused":        {sandbox.Options{RunSize: 1}, "sizes"},
		"a negative size is refused":         {sandbox.Options{RunSize: 1, TmpSize: -1}, "sizes"},
		"a name that climbs is refused":      {sandbox.Options{RunSize: 1, TmpSize: 1, Bind: []sandbox.Bind{{Name: "..", Source: "/x"}}}, "bind name"},
		"a name with a slash is refused":     {sandbox.Options{RunSize: 1, TmpSize: 1, Bind: []sandbox.Bind{{Name: "a/b", Source: "/x"}}}, "bind name"},
		"an upper-case name is refused":      {sandbox.Options{RunSize: 1, TmpSize: 1, Bind: []sandbox.Bind{{Name: "A", Source: "/x"}}}, "bind name"},
		"a bind without a source is refused": {sandbox.Options{RunSize: 1, TmpSize: 1, Bind: []sandbox.Bind{{Name: "a"}}}, "source"},
		"the same name twice is refused":     {sandbox.Options{RunSize: 1, TmpSize: 1, Bind: []sandbox.Bind{ok, ok}}, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			in, code, err := sandbox.Enter(tc.o)
			if in || code != 3 || err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Enter(%+v) = %v, %d, %v; want %q", tc.o, in, code, err, tc.want)
			}
		})
	}
}

func TestBindPath(t *testing.T) {
	if got := (sandbox.Bind{Name: "spec"}).Path(); got != "/run/cleanroom/in/spec" {
		t.Errorf("read-only bind at %s", got)
	}
	if got := (sandbox.Bind{Name: "logs", Writable: true}).Path(); got != "/run/cleanroom/out/logs" {
		t.Errorf("writable bind at %s", got)
	}
}
