package spec

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// maxCPUs keeps cpus within what is written without an exponent.
const maxCPUs = 4096

func (k *checker) checkApplication() {
	a, at := k.s.Application, root+".application"
	k.plugin(at+".runtime.plugin", "runtime", a.Runtime.Plugin)
	k.trust(at+".runtime.trust", a.Runtime.Trust)
	if a.Image.IsZero() {
		k.Add(at+".image", "is required: the OCI manifest's digest, sha256: and 64 hex digits")
	}
	k.command(at+".command", a.Command)
	for name, value := range a.Env {
		if !envName.MatchString(name) {
			k.Add(at+".env", "%.40q is no name of a variable: letters, digits and _", name)
		}
		if strings.Contains(value, "\x00") {
			k.Add(at+".env."+name, "must have no NUL")
		}
	}
	if a.User == 0 {
		k.Add(at+".user", "is required: a number other than 0, the application never runs as root")
	}
	k.dir(at+".workDir", a.WorkDir)
	k.resources(at+".resources", a.Resources)
	k.volumes(at, a)
}

func (k *checker) command(at string, command []string) {
	if len(command) == 0 {
		k.Add(at, "is required: the program's absolute path, then its arguments")
		return
	}
	if !strings.HasPrefix(command[0], "/") {
		k.Add(at+"[0]", "must be the program's absolute path in the image (got %.80q)", command[0])
	}
	for i, arg := range command {
		if strings.Contains(arg, "\x00") {
			k.Add(fmt.Sprintf("%s[%d]", at, i), "must have no NUL")
		}
	}
}

func (k *checker) trust(at string, t v1.Trust) {
	k.oneOf(at+".evidence", t.Evidence, "measured")
	if len(t.By) == 0 {
		k.Add(at+".by", "is required: every party, for every party relies on the runtime")
		return
	}
	for i, name := range t.By {
		at := fmt.Sprintf("%s.by[%d]", at, i)
		if k.refer(at, name, k.parties) && slices.Contains(t.By[:i], name) {
			k.Add(at, "%s stands twice", name)
		}
	}
	for _, name := range k.parties.list {
		if name != "" && !slices.Contains(t.By, name) {
			k.Add(at+".by", "must list every party: %s is missing", name)
		}
	}
}

func (k *checker) resources(at string, r v1.Resources) {
	positive(k, at+".memory", r.Memory)
	positive(k, at+".cpus", r.CPUs)
	if thousandths := r.CPUs * 1000; r.CPUs > maxCPUs || math.Abs(thousandths-math.Round(thousandths)) > 1e-6 {
		k.Add(at+".cpus", "must be at most %d, with at most three digits after the point (got %v)", maxCPUs, r.CPUs)
	}
	positive(k, at+".pids", r.Pids)
	positive(k, at+".openFiles", r.OpenFiles)
}

// volumes checks inputs and outputs together: no path lies within another.
func (k *checker) volumes(at string, a v1.Application) {
	if len(a.Inputs) == 0 {
		k.Add(at+".inputs", "is required: at least one")
	}
	if len(a.Outputs) == 0 {
		k.Add(at+".outputs", "is required: at least one")
	}
	type place struct{ at, path string }
	var places []place
	add := func(at, path string) {
		if !k.dir(at, path) {
			return
		}
		for _, kept := range []string{"/proc", "/sys", "/dev", "/run/cleanroom"} {
			if within(path, kept) || within(kept, path) {
				k.Add(at, "must leave %s alone (got %.80q)", kept, path)
				return
			}
		}
		for _, p := range places {
			if within(path, p.path) || within(p.path, path) {
				k.Add(at, "%s overlaps %s of %s", path, p.path, strings.TrimSuffix(p.at, ".path"))
			}
		}
		places = append(places, place{at, path})
	}
	var sources []string
	for i, in := range a.Inputs {
		at := fmt.Sprintf("%s.inputs[%d]", at, i)
		if k.refer(at+".source", in.Source, k.sources) && slices.Contains(sources, in.Source) {
			k.Add(at+".source", "%s is already an input", in.Source)
		}
		sources = append(sources, in.Source)
		add(at+".path", in.Path)
	}
	for i, out := range a.Outputs {
		at := fmt.Sprintf("%s.outputs[%d]", at, i)
		k.refer(at+".sink", out.Sink, k.sinks)
		add(at+".path", out.Path)
		positive(k, at+".size", out.Size)
		k.object(at+".object", out.Object)
		for j, other := range a.Outputs[:i] {
			k.apart(at+".object", out.Sink, out.Object, fmt.Sprintf("%s.application.outputs[%d]", root, j), other.Sink, other.Object)
		}
	}
}

// apart checks that nothing under one prefix of a sink overwrites the other's.
func (k *checker) apart(at, sink, object, other, otherSink, otherObject string) {
	if sink == otherSink && object != "" && (within(object, otherObject) || within(otherObject, object)) {
		k.Add(at, "%s overlaps %s of %s at sink %s", object, otherObject, other, sink)
	}
}

// within reports that path is dir or lies below it. Both are clean.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}
