// Command userepo keeps the use_repo list of MODULE.bazel: the repositories of all Go modules
// that go.mod requires directly. Bazel's own command for it needs the registry, which is not
// always reachable. It never touches anything else of the file.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const (
	begin = "use_repo(\n    go_deps,\n"
	end   = ")\n"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where the list is out of date")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "userepo:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	raw, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	path := filepath.Join(root, "MODULE.bazel")
	was, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	is, err := rewrite(was, raw)
	if err != nil || bytes.Equal(was, is) {
		return err
	}
	if check {
		return fmt.Errorf("MODULE.bazel lists other modules than go.mod: run `tools/bazel run //:tidy`")
	}
	return os.WriteFile(path, is, 0o644)
}

// rewrite returns module with the list that belongs to gomod.
func rewrite(module, gomod []byte) ([]byte, error) {
	f, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	var repos []string
	for _, r := range f.Require {
		if !r.Indirect && !ruleSet[r.Mod.Path] {
			repos = append(repos, "    \""+repoName(r.Mod.Path)+"\",\n")
		}
	}
	slices.Sort(repos)
	before, rest, ok := bytes.Cut(module, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, fmt.Errorf("MODULE.bazel has no use_repo of go_deps")
	}
	return slices.Concat(before, []byte(begin), []byte(strings.Join(repos, "")), []byte(end), after), nil
}

// repoName is Gazelle's rule: the host's parts reversed, the rest as it is, all in lower
// case and joined by underscores.
func repoName(module string) string {
	host, rest, _ := strings.Cut(strings.ToLower(module), "/")
	parts := strings.Split(host, ".")
	slices.Reverse(parts)
	name := strings.Join(parts, "_")
	if rest != "" {
		name += "_" + rest
	}
	return strings.NewReplacer("-", "_", ".", "_", "/", "_", "~", "_").Replace(name)
}

// ruleSet is what MODULE.bazel brings as Bazel modules, so go_deps makes no repository of it.
var ruleSet = map[string]bool{
	"github.com/bazelbuild/rules_go":      true,
	"github.com/bazelbuild/bazel-gazelle": true,
}
