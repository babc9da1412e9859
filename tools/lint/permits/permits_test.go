package permits

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

func TestCheck(t *testing.T) {
	const imp = "import \"" + source.Module + "/core/permit\"\n"
	for name, tc := range map[string]struct{ file, body, want string }{
		"the gate may make a permit":                 {"core/governance/a.go", imp + "var p, _ = permit.Issue(o, s)", ""},
		"nobody else may":                            {"core/room/a.go", imp + "var p, _ = permit.Issue(o, s)", "makes a permit"},
		"not under another name either":              {"core/room/a.go", strings.Replace(imp, "import", "import x", 1) + "var f = x.Issue", "makes a permit"},
		"nor without a name":                         {"core/room/a.go", strings.Replace(imp, "import", "import .", 1) + "var f = Issue", "into its own names"},
		"nor handed on as a value":                   {"core/room/a.go", imp + "var f = permit.Issue", "makes a permit"},
		"a test may":                                 {"core/room/a_test.go", imp + "var f = permit.Issue", ""},
		"a fake for tests may":                       {"core/volume/volumetest/a.go", imp + "var f = permit.Issue", ""},
		"a folder below the gate's may not":          {"core/governance/x/a.go", imp + "var f = permit.Issue", "makes a permit"},
		"a permit that is checked":                   {"core/volume/a.go", imp + "func M(p permit.Permit) error { return p.Check(a, b) }", ""},
		"a permit that is handed on":                 {"core/volume/a.go", imp + "func M(p permit.Permit) error { return m(p) }", ""},
		"a permit that nobody looks at":              {"core/volume/a.go", imp + "func M(p permit.Permit) error { return nil }", "never checks it"},
		"a permit without a name":                    {"core/volume/a.go", imp + "func M(permit.Permit) error { return nil }", "never checks it"},
		"a permit named _":                           {"core/volume/a.go", imp + "func M(_ permit.Permit) error { return nil }", "never checks it"},
		"a literal handed to the gate may ignore it": {"core/room/a.go", imp + "var f = func(p permit.Permit) error { return nil }", ""},
		"a method of an interface has nothing to do": {"core/room/a.go", imp + "type I interface { M(p permit.Permit) }", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := source.Go(fstest.MapFS{tc.file: {Data: []byte("package a\n" + tc.body + "\n")}})
			if err != nil {
				t.Fatal(err)
			}
			found := Check(files)
			if tc.want == "" && len(found) > 0 || tc.want != "" && (len(found) == 0 || !strings.Contains(found[0].Text, tc.want)) {
				t.Errorf("%s with %s gives %v, want %q", tc.file, tc.body, found, tc.want)
			}
		})
	}
}
