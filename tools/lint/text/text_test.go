package text

import (
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

func TestCheck(t *testing.T) {
	long := strings.Repeat("x\n", MaxLines)
	for name, tc := range map[string]struct{ file, content, want string }{
		"a file of the longest size":               {"a.go", long, ""},
		"a file one line longer":                   {"a.go", long + "x\n", "501 lines"},
		"a policy one line longer":                 {"a.rego", long + "x\n", "501 lines"},
		"generated code may be long":               {"a.pb.go", long + "x\n", ""},
		"data may be long":                         {"a.csv", long + "x\n", ""},
		"a loose end":                              {"a.md", "a\nTO" + "DO: b\n", "a.md:2"},
		"a loose end in a comment":                 {"a.go", "// FIX" + "ME\n", "open an issue"},
		"a word that only holds one":               {"a.md", "TO" + "DOS and HA" + "CKS\n", ""},
		"a registry's host":                        {"a.sh", "curl https://registry." + "example/x\n", "registry"},
		"a host below a registry's":                {"a.sh", "curl https://files.Registry." + "Example:443/x\n", "registry"},
		"a host that only ends like a registry's":  {"a.sh", "myregistry." + "example", ""},
		"a host that goes on after a registry's":   {"a.sh", "registry." + "example.com", ""},
		"a lock may name what it locks":            {"x/package-lock.json", "https://registry." + "example/x\n", ""},
		"a home of this machine":                   {"a.go", `"/ro` + `ot/x"`, "path of one machine"},
		"a work folder of this machine":            {"a.go", "cd /wo" + "rk/x", "path of one machine"},
		"a temporary folder of this machine":       {"a.go", "/tm" + "p/run-1234", "path of one machine"},
		"a path that only holds such a name":       {"a.go", "layout/wo" + "rk/x and /var/ro" + "ot/x", ""},
		"a variable's folder is of no one machine": {"a.sh", "${dir}/ro" + "ot/x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var all []string
			for _, f := range Check(tc.file, []byte(tc.content)) {
				all = append(all, source.Finding.String(f))
			}
			got := strings.Join(all, "\n")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("Check(%s) = %q, want %q", tc.file, got, tc.want)
			}
		})
	}
}
