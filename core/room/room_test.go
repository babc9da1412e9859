package room

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The picture of the data's way stands in three places; they must be one.
func TestStagesAreTheDocumentedOnes(t *testing.T) {
	var code []string
	for _, s := range (&room{}).line() {
		code = append(code, s.name)
	}
	for name, read := range map[string]func(string) []string{
		"../README.md": func(s string) (names []string) {
			for _, m := range regexp.MustCompile("(?m)^\\| `([a-z ]+)` \\|").FindAllStringSubmatch(s, -1) {
				names = append(names, m[1])
			}
			return names
		},
		"../../README.md": func(s string) []string {
			_, s, _ = strings.Cut(s, "<!-- stages -->\n```\n")
			s, _, _ = strings.Cut(s, "\n```")
			return strings.Split(strings.ReplaceAll(s, "\n", " "), " → ")
		},
	} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(string(b)); !slices.Equal(got, code) {
			t.Errorf("%s shows %q, Run does %q", name, got, code)
		}
	}
}
