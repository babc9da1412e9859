package spec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
)

// edit returns the example with one text, which must be there, replaced.
func edit(t testing.TB, old, new string) string {
	t.Helper()
	if !strings.Contains(spectest.YAML, old) {
		t.Fatalf("the example has no %q", old)
	}
	return strings.Replace(spectest.YAML, old, new, 1)
}

func TestDecodeRefusesForm(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"an empty file":             {" \n", "spec: is empty: a specification begins with apiVersion: cleanroom/v1"},
		"only a comment":            {"# nothing\n", "spec: is empty"},
		"a list":                    {"- a\n", "spec: must be an object with named fields (got a list) (line 1)"},
		"a word":                    {"hello\n", `spec: must be an object with named fields (got "hello") (line 1)`},
		"broken YAML":               {"apiVersion: cleanroom/v1\nname: [a\n", "spec: is not YAML: "},
		"half a JSON document":      {`{"apiVersion": "cleanroom/v1",`, "spec: is not JSON: unexpected end of JSON input (line 1)"},
		"broken JSON":               {"{\n\"name\": nope}", "spec: is not JSON: invalid character 'o' in literal null (expecting 'u') (line 2)"},
		"bytes after the JSON":      {"{}\n}", "spec: is not JSON: invalid character '}' after top-level value (line 2)"},
		"bytes that are no text":    {"name: \xff\n", "spec: is not text in UTF-8"},
		"a byte order mark":         {"\ufeff" + spectest.YAML, "spec: begins with a byte order mark"},
		"a file that is too big":    {"#" + strings.Repeat("x", spec.MaxSize), "spec: is larger than 1048576 bytes (got 1048577)"},
		"a second document":         {spectest.YAML + "---\nname: x\n", "spec: a second document begins here: one file holds one specification (line "},
		"bytes after the document":  {spectest.YAML + "...\n]\n", "spec: is not YAML: "},
		"an anchor":                 {edit(t, "recipients: [consumer]", "recipients: &r [consumer]"), "spec: anchors are not allowed"},
		"an alias":                  {"a: &x 1\nb: *x\n", "spec: anchors are not allowed: write the value out where it is used (line 1)"},
		"a merge key":               {"a:\n  <<: {b: c}\n", "spec: merge keys are not allowed: write the fields out (line 2)"},
		"a tag":                     {edit(t, "name: joint-study", "name: !!str joint-study"), "spec: tags are not allowed: leave !!str out (line 3)"},
		"nesting without end":       {edit(t, "container: hospital-a", "container: "+strings.Repeat("[", 40)+strings.Repeat("]", 40)), "spec.sources[0].config.container[0][0]"},
		"nesting without end, JSON": {strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "spec: is not JSON: nested deeper than 32"},
		"an unknown field":          {edit(t, "platform: sim", "platfrom: sim"), "spec.platfrom: is not a known field (did you mean platform?) (line 4)"},
		"an unknown field deep":     {edit(t, "      key: kek-m", "      keys: kek-m"), "spec.sources[0].sealing.keys: is not a known field (did you mean key?) (line 40)"},
		"an unlike field":           {edit(t, "name: joint-study", "name: joint-study\ncolour: blue"), "spec.colour: is not a known field (line 4)"},
		"a field in another case":   {edit(t, "workDir:", "workdir:"), "spec.application.workdir: is not a known field (did you mean workDir?)"},
		"a duplicate key":           {edit(t, "name: joint-study", "name: joint-study\nname: other"), "spec.name: stands twice, first on line 3 (line 4)"},
		"a duplicate key in config": {edit(t, "container: hospital-a", "container: a\n      container: b"), "spec.sources[0].config.container: stands twice"},
		"a duplicate key in JSON":   {"{\"name\": \"a\",\n\"name\": \"b\"}", "spec.name: stands twice, first on line 1 (line 2)"},
		"a key that is a number":    {edit(t, "MODE: joint", "7: joint"), "spec.application.env: has a field name that is not a string: 7"},
		"a number for a name":       {edit(t, "name: joint-study", "name: 42"), "spec.name: must be a string, in quotes when it looks like something else (got 42) (line 3)"},
		"a date for a name":         {edit(t, "name: joint-study", "name: 2026-01-01"), "spec.name: must be a string"},
		"a word for a number":       {edit(t, "user: 1000", "user: nobody"), `spec.application.user: must be a whole number from 0 to 4294967295 (got "nobody")`},
		"a quoted number":           {edit(t, "pids: 64", `pids: "64"`), `spec.application.resources.pids: must be a whole number (got "64")`},
		"a hexadecimal number":      {edit(t, "pids: 64", "pids: 0x40"), "spec.application.resources.pids: must be a whole number (got 0x40)"},
		"a number that overflows":   {edit(t, "port: 80", "port: 65616"), "spec.network.outbound[0].port: must be a whole number from 0 to 65535 (got 65616)"},
		"an exponent":               {edit(t, "cpus: 1.5", "cpus: 15e-1"), "spec.application.resources.cpus: must be a number such as 2 or 1.5 (got 15e-1)"},
		"an object for a list":      {edit(t, "recipients: [consumer]", "recipients: {a: consumer}"), "spec.sinks[0].recipients: must be a list (got an object)"},
		"a list for an object":      {edit(t, "network:\n", "network: []\nnetworks:\n"), "spec.network: must be an object with named fields (got a list)"},
		"a field without value":     {edit(t, "name: joint-study", "name:"), "spec.name: has no value: give one or leave the field out (line 3)"},
		"a broken digest":           {edit(t, "image: sha256:", "image: sha512:"), "spec.application.image: does not begin with sha256:"},
		"a size in MB":              {edit(t, "size: 64MiB", "size: 64MB"), "spec.application.outputs[0].size: must be a size such as 64MiB, 1GiB or a whole number of bytes"},
		"a size that overflows":     {edit(t, "size: 64MiB", "size: 9000000TiB"), `spec.application.outputs[0].size: is too large (got "9000000TiB")`},
		"a duration as number":      {edit(t, "wallTime: 5m", "wallTime: 300"), "spec.limits.wallTime: must be a string (got 300)"},
		"a duration without unit":   {edit(t, "wallTime: 5m", `wallTime: "300"`), "spec.limits.wallTime: must be a duration such as 90s or 5m"},
		"a fraction in config":      {edit(t, "successCodes: [201]", "successCodes: [2.5]"), "spec.governance.audit[1].config.successCodes[0]: must be a string, whole number, true, false, list or object (got 2.5); put it in quotes"},
		"nothing in config":         {edit(t, "method: POST", "method: ~"), "spec.governance.audit[1].config.method: has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Decode("doc", []byte(tc.in))
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "doc: "+tc.want) {
				t.Errorf("Decode = %v\nwant %q", err, tc.want)
			}
		})
	}
}

func TestDecodeSaysEverythingAtOnceInOrder(t *testing.T) {
	in := strings.NewReplacer("name: joint-study", "name: Joint", "user: 1000", "user: 0", "wallTime: 5m", "wallTime: soon").Replace(spectest.YAML)
	_, err := spec.Decode("doc", []byte(in))
	var list *spec.Errors
	if !errors.As(err, &list) || len(list.Violations) != 3 {
		t.Fatalf("Decode = %v, want three violations", err)
	}
	for i, want := range []string{"spec.name", "spec.application.user", "spec.limits.wallTime"} {
		if v := list.Violations[i]; v.Path != want || v.Line == 0 {
			t.Errorf("violation %d = %+v, want %s with a line", i, v, want)
		}
	}
}

func TestHalfWrittenDocumentsAreRefusedAtEveryLength(t *testing.T) {
	s := spectest.Example(t)
	b, err := spec.Canonical(s)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) - 1 {
		if _, err := spec.Decode("doc", b[:n]); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("the first %d bytes of the JSON: %v, want invalid", n, err)
		}
	}
	lines := strings.SplitAfter(spectest.YAML, "\n")
	for n := range len(lines) - 2 { // the last line is empty
		if _, err := spec.Decode("doc", []byte(strings.Join(lines[:n], ""))); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("the first %d lines of the YAML: %v, want invalid", n, err)
		}
	}
}

func TestOneDocumentHasOneDigest(t *testing.T) {
	want, err := spec.Digest(spectest.Example(t))
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := yaml.Unmarshal([]byte(spectest.YAML), &tree); err != nil {
		t.Fatal(err)
	}
	sortedYAML, _ := yaml.Marshal(tree)
	indented, _ := json.MarshalIndent(tree, "", "\t")
	canonical, _ := spec.Canonical(spectest.Example(t))
	for name, in := range map[string]string{
		"keys in another order":      string(sortedYAML),
		"JSON":                       string(indented),
		"the canonical form":         string(canonical),
		"another spelling of a size": edit(t, "size: 64MiB", "size: 65536KiB"),
		"a size in bytes":            edit(t, "size: 64MiB", "size: 67108864"),
		"another spelling of a time": edit(t, "wallTime: 5m", "wallTime: 300s"),
		"cpus with more zeros":       edit(t, "cpus: 1.5", "cpus: 1.500"),
		"carriage returns":           strings.ReplaceAll(spectest.YAML, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := spec.Decode(name, []byte(in))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := spec.Digest(s); err != nil || !got.Equal(want) {
				t.Errorf("Digest = %v, %v, want %v", got, err, want)
			}
		})
	}
}

func TestDecodeOfCanonicalIsTheSameSpecification(t *testing.T) {
	s := spectest.Example(t)
	b, err := spec.Canonical(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := spec.Decode("canonical", b)
	if err != nil || !reflect.DeepEqual(s, again) {
		t.Errorf("Decode(Canonical(s)) = %+v, %v\nwant %+v", again, err, s)
	}
}

func TestCanonicalRefusesWhatNoDocumentCanHold(t *testing.T) {
	for name, value := range map[string]any{"a fraction": 1.5, "nothing": nil, "a deep fraction": []any{map[string]any{"x": 0.1}}} {
		s := spectest.Example(t)
		s.Sources[0].Config["extra"] = value
		if _, err := spec.Canonical(s); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Canonical with %s in a configuration = %v, want invalid", name, err)
		}
	}
}

func TestContractBindsBoth(t *testing.T) {
	s := spectest.Example(t)
	d, _ := spec.Digest(s)
	policy := s.Application.Image // any digest
	c, err := spec.Contract(d, policy)
	swapped, _ := spec.Contract(policy, d)
	if err != nil || c.Equal(swapped) {
		t.Errorf("Contract = %v, %v; swapped %v", c, err, swapped)
	}
	for name, pair := range map[string][2]digest.SHA256{"no policy": {d, {}}, "no specification": {{}, d}} {
		if _, err := spec.Contract(pair[0], pair[1]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Contract with %s = %v, want invalid", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(spectest.YAML))
	b, err := spec.Canonical(spectest.Example(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte(`{"name": "\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := spec.Decode("doc", in)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("kind %v of %v", fault.KindOf(err), err)
			}
			return
		}
		first, err := spec.Canonical(s)
		if err != nil {
			t.Fatalf("decoded, but without canonical form: %v", err)
		}
		again, err := spec.Decode("canonical", first)
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Fatalf("Decode(Canonical) differs: %v", err)
		}
		if second, _ := spec.Canonical(again); !bytes.Equal(first, second) {
			t.Fatalf("two canonical forms:\n%s\n%s", first, second)
		}
	})
}
