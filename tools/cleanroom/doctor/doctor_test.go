package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryCheckSaysWhatForAndHowToMend(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		if c.name == "" || c.need == "" || c.mend == "" || c.look == nil || seen[c.name] {
			t.Errorf("check %+v is incomplete or stands twice", c)
		}
		seen[c.name] = true
	}
}

func TestExamine(t *testing.T) {
	bad := func(context.Context) (string, error) { return "", errors.New("not here") }
	good := func(context.Context) (string, error) { return "here", nil }
	got := examine(t.Context(), []check{
		{name: "a", need: "x", mend: "get a", look: good},
		{name: "b", need: "x", mend: "get b", look: bad},
		{name: "c", need: "x", mend: "get c", look: bad, optional: true},
	})
	want := []Finding{
		{Name: "a", For: "x", State: OK, Found: "here"},
		{Name: "b", For: "x", State: Missing, Found: "not here", Mend: "get b"},
		{Name: "c", For: "x", State: Without, Found: "not here", Mend: "get c"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("examine = %+v\nwant %+v", got, want)
	}
	if lacking := Lacking(got); !slices.Equal(lacking, []string{"b"}) {
		t.Errorf("Lacking = %v, want b alone", lacking)
	}
}

func TestLooksSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	nowhere := filepath.Join(dir, "nothing")
	failing := filepath.Join(dir, "failing")
	if err := os.WriteFile(failing, []byte("#!/bin/sh\necho no tables here >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		look func() error
		want string
	}{
		"a program that is not there": {func() error { _, err := program("no-such-program-here")(t.Context()); return err }, "no program no-such-program-here on PATH"},
		"a file that is not there":    {func() error { _, err := file(nowhere)(t.Context()); return err }, "nothing: no such file or directory"},
		"a device that is not there":  {func() error { _, err := device(nowhere)(t.Context()); return err }, "nothing: no such file or directory"},
		"a place that nobody knows": {func() error {
			_, err := placed(func() (string, error) { return "", errors.New("set it") })(t.Context())
			return err
		}, "set it"},
		"a program that fails":             {func() error { _, err := run(t.Context(), 0, failing); return err }, "no tables here"},
		"a program that does not answer":   {func() error { _, err := run(ctx, 0, failing); return err }, "does not answer"},
		"less memory or disk than needed":  {func() error { _, err := enough(10<<20, 1<<30); return err }, "10 MiB free, needs 1024 MiB"},
		"a filter whose program is absent": {func() error { _, err := packetFilter("no-such-program-here")(t.Context()); return err }, "no program"},
	} {
		if err := tc.look(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
