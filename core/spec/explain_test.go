package spec_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

var update = flag.Bool("update", false, "write the golden files")

func TestExplainIsTheGoldenText(t *testing.T) {
	var got bytes.Buffer
	spec.Explain(spectest.Example(t), &got)
	golden := filepath.Join("testdata", "explain.txt")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("Explain differs from %s (%v); look, then run with -update:\n%s", golden, err, got.String())
	}
}

// A way out that is not explained would be agreed to by nobody.
func TestEveryWayOutIsExplained(t *testing.T) {
	s := spectest.Example(t)
	s.Application.Outputs = append(s.Application.Outputs, v1.Output{Sink: "results", Path: "/second", Size: 1, Object: "second"})
	kinds := map[string]int{}
	for _, x := range spec.Explained(s).Leaves {
		kinds[x.Kind]++
		if len(x.Consent) == 0 || len(x.Readers) == 0 || x.Bound == "" || x.To == "" {
			t.Errorf("exit %+v is not explained", x)
		}
	}
	want := map[string]int{"output": 2, "console": 1, "api": 1, "telemetry": 1}
	for kind, n := range want {
		if kinds[kind] != n {
			t.Errorf("%d exits of kind %s, want %d", kinds[kind], kind, n)
		}
	}
	if len(kinds) != len(want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
}

func TestDiff(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.Spec)
		want   []string
	}{
		"nothing changed":         {func(*v1.Spec) {}, nil},
		"a value changed":         {func(s *v1.Spec) { s.Sources[1].Sealing.Version = 2 }, []string{"~ spec.sources[diagnoses].sealing.version: 1 -> 2"}},
		"a size changed":          {func(s *v1.Spec) { s.Limits.BytesOut *= 16 }, []string{`~ spec.limits.bytesOut: "64MiB" -> "1GiB"`}},
		"a variable is new":       {func(s *v1.Spec) { s.Application.Env["X"] = "1" }, []string{`+ spec.application.env.X: "1"`}},
		"an argument is gone":     {func(s *v1.Spec) { s.Application.Command = s.Application.Command[:2] }, []string{`- spec.application.command[2]: "200"`}},
		"a configuration changed": {func(s *v1.Spec) { s.Sinks[0].Config["container"] = "other" }, []string{`~ spec.sinks[results].config.container: "results" -> "other"`}},
		"the order changed": {func(s *v1.Spec) { s.Sources[0], s.Sources[1] = s.Sources[1], s.Sources[0] },
			[]string{"~ spec.sources order: measures, diagnoses -> diagnoses, measures"}},
		"telemetry is gone": {func(s *v1.Spec) { s.Telemetry.Application = nil }, []string{
			`- spec.telemetry.application.limit: "1MiB"`, `- spec.telemetry.application.mode: "secure"`,
			`- spec.telemetry.application.object: "logs"`, `- spec.telemetry.application.sink: "results"`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := spectest.Example(t)
			tc.change(s)
			var got []string
			for _, c := range spec.Diff(spectest.Example(t), s) {
				got = append(got, c.String())
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("Diff =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			old, _ := spec.Digest(spectest.Example(t))
			new, err := spec.Digest(s)
			if err != nil || old.Equal(new) != (len(got) == 0) {
				t.Errorf("digests equal: %t (%v), %d changes", old.Equal(new), err, len(got))
			}
		})
	}
}
