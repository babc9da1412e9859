package imports

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

// tree makes Go files that import what is listed; a path of our module begins with "./".
func tree(t *testing.T, files map[string][]string) []source.GoFile {
	t.Helper()
	root := fstest.MapFS{}
	for name, list := range files {
		pkg := "p"
		if strings.Contains(name, "cmd/") || strings.Contains(name, "plugins/") {
			pkg = "main"
		}
		text := "package " + pkg + "\n"
		for _, imp := range list {
			if rest, ok := strings.CutPrefix(imp, "./"); ok {
				imp = source.Module + "/" + rest
			}
			text += "import _ \"" + imp + "\"\n"
		}
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	parsed, err := source.Go(root)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestArrows(t *testing.T) {
	for name, tc := range map[string]struct{ file, imports, want string }{
		"core may import a layer above":                   {"core/room/a.go", "./core/volume", ""},
		"core may import its own tree":                    {"core/plugin/a.go", "./core/plugin/internal/wire", ""},
		"core may not import a layer below":               {"core/volume/a.go", "./core/room", "may not import core/room"},
		"core may not import a neighbour on its line":     {"core/attest/snp/a.go", "./core/attest/sim", "may not import core/attest/sim"},
		"core may not import a package of no layer":       {"core/room/a.go", "./core/misc", "core/misc is in no layer"},
		"core of no layer may not import":                 {"core/misc/a.go", "./core/fault", "core/misc is in no layer"},
		"core may not import a parent out of order":       {"core/spec/v1/a.go", "./core/spec", "may not import core/spec"},
		"core never imports plugins":                      {"core/room/a.go", "./plugins/source/azblob", "may not import plugins"},
		"core never imports runtimes":                     {"core/room/a.go", "./runtimes/podman", "may not import runtimes"},
		"core never imports tools":                        {"core/room/a.go", "./tools/demo", "may not import tools"},
		"core never imports e2e":                          {"core/room/a.go", "./e2e", "may not import e2e"},
		"core's tests never import tools":                 {"core/room/a_test.go", "./tools/demo", "may not import tools"},
		"core's tests may import any of core":             {"core/fault/a_test.go", "./core/room", ""},
		"core's tests may say what they need":             {"core/fault/a_test.go", "./internal/needs", ""},
		"core's code may not say what it needs":           {"core/fault/a.go", "./internal/needs", "for tests"},
		"code may not import fakes":                       {"core/room/a.go", "./core/spec/spectest", "for tests"},
		"fakes may import fakes":                          {"core/attest/attesttest/a.go", "./core/spec/spectest", ""},
		"a plugin may import the author's side":           {"plugins/source/x/a.go", "./core/plugin/sdk", ""},
		"a plugin may import its own folder":              {"plugins/source/x/a.go", "./plugins/source/x/inner", ""},
		"a plugin may not import another plugin":          {"plugins/source/x/a.go", "./plugins/source/y/inner", "may not import plugins/source/y"},
		"a plugin may not import the host":                {"plugins/source/x/a.go", "./core/plugin", "may not import core/plugin"},
		"a plugin may not import keys":                    {"plugins/source/x/a.go", "./core/secret", "may not import core/secret"},
		"a plugin's tests may import the kit":             {"plugins/source/x/a_test.go", "./core/plugin/plugintest", ""},
		"a runtime may not import the sandbox":            {"runtimes/podman/a.go", "./core/sandbox", "may not import core/sandbox"},
		"tools may import core":                           {"tools/x/a.go", "./core/room", ""},
		"tools may not import plugins":                    {"tools/x/a.go", "./plugins/source/x/inner", "may not import plugins"},
		"tools may not import e2e":                        {"tools/x/a.go", "./e2e", "may not import e2e"},
		"e2e may import tools":                            {"e2e/a.go", "./tools/demo", ""},
		"a new folder at the root needs a zone":           {"lib/a.go", "./core/fault", "in no zone"},
		"the wire may import go-plugin":                   {"core/plugin/internal/wire/a.go", "github.com/hashicorp/go-plugin", ""},
		"nothing else may import go-plugin":               {"core/plugin/a.go", "github.com/hashicorp/go-plugin", "for core/plugin/internal/wire alone"},
		"nothing else may import part of go-plugin":       {"core/plugin/sdk/a.go", "github.com/hashicorp/go-plugin/runner", "for core/plugin/internal/wire alone"},
		"nor may tests elsewhere":                         {"tools/x/a_test.go", "github.com/hashicorp/go-plugin", "for core/plugin/internal/wire alone"},
		"a like-named module is another":                  {"core/plugin/a.go", "github.com/hashicorp/go-plugin2", ""},
		"a -sim program may link the simulator":           {"core/cmd/x-sim/a.go", "./core/attest/sim", ""},
		"another program may not":                         {"core/cmd/x/a.go", "./core/attest/sim", "must end in -sim"},
		"a test of another program may use the simulator": {"core/cmd/x/a_test.go", "./core/attest/sim", ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := Check(tree(t, map[string][]string{tc.file: {tc.imports}}))
			if tc.want == "" && len(found) > 0 || tc.want != "" && (len(found) == 0 || !strings.Contains(found[0].Text, tc.want)) {
				t.Errorf("%s importing %s gives %v, want %q", tc.file, tc.imports, found, tc.want)
			}
		})
	}
}

func TestTheSimulatorIsFoundThroughOtherPackages(t *testing.T) {
	files := map[string][]string{
		"tools/cmd/show/a.go":     {"./tools/demo"},
		"tools/cmd/show-sim/a.go": {"./tools/demo"},
		"tools/demo/a.go":         {"./tools/demo/inner"},
		"tools/demo/inner/a.go":   {"./core/attest/sim"},
		"core/attest/sim/a.go":    nil,
	}
	found := Check(tree(t, files))
	const way = "tools/cmd/show → tools/demo → tools/demo/inner → core/attest/sim"
	if len(found) != 1 || !strings.Contains(found[0].Text, way) {
		t.Errorf("found %v, want one that says %s", found, way)
	}
}

func TestTableHasNoNameTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, names := range layers {
		for _, n := range names {
			if seen[n] {
				t.Errorf("%s is in two layers", n)
			}
			seen[n] = true
		}
	}
}
