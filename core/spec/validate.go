package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec/field"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Validate says everything that is wrong with s, as fault.Invalid. Decode has
// done it already; it is for specifications that a program puts together.
func Validate(s *v1.Spec) error {
	var c field.Collector
	if s == nil {
		c.Add(root, "is required")
	} else {
		validate(s, &c)
	}
	if err := c.Err(""); err != nil {
		return fault.New(fault.Invalid, "spec.validate", "%w", err)
	}
	return nil
}

// checker holds what the checks share. Each check is one section of the document.
type checker struct {
	*field.Collector
	s           *v1.Spec
	parties     names
	keyServices names
	sources     names
	sinks       names
}

func validate(s *v1.Spec, c *field.Collector) {
	k := &checker{Collector: c, s: s}
	k.header()
	k.checkParties()
	k.checkKeyServices()
	k.checkSources()
	k.checkSinks()
	k.checkApplication()
	k.checkNetwork()
	k.checkGovernance()
	k.checkTelemetry()
	k.checkUse()
	duration(k, root+".limits.wallTime", s.Limits.WallTime)
	positive(k, root+".limits.bytesOut", s.Limits.BytesOut)
}

func (k *checker) header() {
	k.oneOf(root+".apiVersion", k.s.APIVersion, v1.APIVersion)
	k.label(root+".name", k.s.Name)
	k.oneOf(root+".platform", k.s.Platform, v1.PlatformSNP, v1.PlatformSimulated)
}

func (k *checker) simulated() bool { return k.s.Platform == v1.PlatformSimulated }

// names are the names of one list; each may be used, and is remembered as used.
type names struct {
	path string
	list []string
	used map[string]bool
}

// declare checks the names of a list: DNS labels, each once, at least least of them.
func (k *checker) declare(path string, least int, list []string) names {
	if len(list) < least {
		k.Add(path, "is required: at least %d", least)
	}
	first := map[string]int{}
	for i, name := range list {
		at := fmt.Sprintf("%s[%d].name", path, i)
		if j, ok := first[name]; ok && name != "" {
			k.Add(at, "%s is already the name of %s[%d]", name, path, j)
			continue
		}
		first[name] = i
		k.label(at, name)
	}
	return names{path: path, list: list, used: map[string]bool{}}
}

// refer checks that name is one of n, and marks it as used.
func (k *checker) refer(path, name string, n names) bool {
	switch {
	case name == "":
		k.Add(path, "is required: a name out of %s", n.path)
	case !slices.Contains(n.list, name):
		k.Add(path, "%.40q is no name out of %s%s", name, n.path, choice(name, n.list))
	default:
		n.used[name] = true
		return true
	}
	return false
}

// checkUse refuses what is declared and never used: a specification has no decoration.
func (k *checker) checkUse() {
	for _, u := range []struct {
		names
		by string
	}{
		{k.keyServices, "no source's sealing names it"},
		{k.sources, "no input of the application names it"},
		{k.sinks, "no output and no application telemetry names it"},
	} {
		for i, name := range u.list {
			if !u.used[name] {
				k.Add(fmt.Sprintf("%s[%d]", u.path, i), "is not used: %s; use it or leave it out", u.by)
			}
		}
	}
}

func namesOf[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = name(e)
	}
	return out
}

// choice helps with a wrong word: the nearest one, or all when they are few.
func choice(got string, all []string) string {
	if near := field.DidYouMean(got, all); near != "" {
		return near
	}
	if len(all) == 0 || len(all) > 10 {
		return ""
	}
	return " (there is " + strings.Join(all, ", ") + ")"
}
