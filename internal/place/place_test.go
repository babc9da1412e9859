package place

import (
	"path/filepath"
	"testing"
)

func TestState(t *testing.T) {
	for name, tc := range map[string]struct{ state, cache, home, want string }{
		"the variable decides":                {"/s", "/c", "/h", "/s"},
		"without it the cache folder":         {"", "/c", "/h", "/c/cleanroom"},
		"without that the home's .cache":      {"", "", "/h", "/h/.cache/cleanroom"},
		"without any of them there is no say": {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(StateVar, tc.state)
			t.Setenv("XDG_CACHE_HOME", tc.cache)
			t.Setenv("HOME", tc.home)
			got, err := State()
			if (err != nil) != (tc.want == "") || got != tc.want {
				t.Errorf("State() = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestProgramsLieUnderState(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(StateVar, dir)
	for name, find := range map[string]func() (string, error){"envoy": Envoy, "azurite": Azurite, "collector": Collector, "rclone": Rclone} {
		got, err := find()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if rel, err := filepath.Rel(dir, got); err != nil || !filepath.IsLocal(rel) {
			t.Errorf("%s lies at %q, not under %q", name, got, dir)
		}
	}
}
