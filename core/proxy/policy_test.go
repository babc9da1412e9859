package proxy

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func bundleOf(t testing.TB, files map[string]string) (*Bundle, error) {
	t.Helper()
	dir := fstest.MapFS{}
	for name, content := range files {
		dir[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return LoadBundle(dir)
}

func mustBundle(t testing.TB, rego string) *Bundle {
	t.Helper()
	b, err := bundleOf(t, map[string]string{"policy.rego": "package ccr.policy\n\n" + rego})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBundleRules(t *testing.T) {
	const good = "package ccr.policy\n\non_request_headers := true\n"
	for name, tc := range map[string]struct {
		files map[string]string
		want  string // "" means accepted
	}{
		"a policy alone":                          {map[string]string{"a.rego": good}, ""},
		"a policy with data":                      {map[string]string{"a.rego": good, "data.json": `{"a":1}`}, ""},
		"a helper in a sub-folder":                {map[string]string{"a.rego": good, "lib/b.rego": "package lib\n\nx := 1\n"}, ""},
		"tests and text beside it":                {map[string]string{"a.rego": good, "a_test.rego": "not rego", "README.md": "x", "BUILD.bazel": ""}, ""},
		"an empty folder is refused":              {nil, "has no file"},
		"only tests is refused":                   {map[string]string{"a_test.rego": good}, "has no file"},
		"another package alone is refused":        {map[string]string{"a.rego": "package ccr\n\nx := 1\n"}, "package ccr.policy"},
		"a YAML file is refused":                  {map[string]string{"a.rego": good, "data.yaml": "a: 1"}, "data.yaml"},
		"data deeper down is refused":             {map[string]string{"a.rego": good, "x/data.json": "{}"}, "x/data.json"},
		"data that decides is refused":            {map[string]string{"a.rego": good, "data.json": `{"ccr":{"policy":{"on_request_body":true}}}`}, "may not contain ccr"},
		"data with a duplicate key is refused":    {map[string]string{"a.rego": good, "data.json": `{"a":1,"a":2}`}, "data.json"},
		"data that is a list is refused":          {map[string]string{"a.rego": good, "data.json": `[]`}, "data.json"},
		"a syntax error has its place":            {map[string]string{"a.rego": "package ccr.policy\n\nx := {\n"}, "a.rego:4"},
		"an unused import is refused":             {map[string]string{"a.rego": "package ccr.policy\n\nimport data.x\n\ny := 1\n"}, "a.rego:3"},
		"an unknown built-in is refused":          {map[string]string{"a.rego": good + "\ny := nothing(1)\n"}, "a.rego:5"},
		"http.send is not there":                  {map[string]string{"a.rego": good + "\ny := http.send({})\n"}, "http.send"},
		"the clock is not there":                  {map[string]string{"a.rego": good + "\ny := time.now_ns()\n"}, "time.now_ns"},
		"chance is not there":                     {map[string]string{"a.rego": good + "\ny := rand.intn(\"a\", 2)\n"}, "rand.intn"},
		"uuid is not there":                       {map[string]string{"a.rego": good + "\ny := uuid.rfc4122(\"a\")\n"}, "uuid.rfc4122"},
		"name look-up is not there":               {map[string]string{"a.rego": good + "\ny := net.lookup_ip_addr(\"a\")\n"}, "net.lookup_ip_addr"},
		"the environment is not there":            {map[string]string{"a.rego": good + "\ny := opa.runtime()\n"}, "opa.runtime"},
		"two files with one rule that conflict":   {map[string]string{"a.rego": good, "b.rego": "package ccr.policy\n\ndefault on_request_headers := false\n\ndefault on_request_headers := true\n"}, "b.rego"},
		"an old-style rule without if is refused": {map[string]string{"a.rego": "package ccr.policy\n\non_request_headers { true }\n"}, "a.rego:3"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := bundleOf(t, tc.files)
			if tc.want == "" {
				if err != nil || b.Digest().IsZero() {
					t.Fatalf("LoadBundle = %v", err)
				}
				return
			}
			if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("LoadBundle = %v, want an invalid one with %q", err, tc.want)
			}
		})
	}
}

func TestBundleDigest(t *testing.T) {
	files := fstest.MapFS{"a.rego": {Data: []byte("package ccr.policy\n")}, "data.json": {Data: []byte("{}")}}
	first, err := BundleDigest(files)
	if err != nil {
		t.Fatal(err)
	}
	files["a_test.rego"] = &fstest.MapFile{Data: []byte("package ccr.policy_test\n"), Mode: 0o600}
	if d, err := BundleDigest(files); err != nil || !d.Equal(first) {
		t.Errorf("a test beside the policy changed the digest: %v, %v", d, err)
	}
	b, err := LoadBundle(files)
	if err != nil || !b.Digest().Equal(first) {
		t.Errorf("LoadBundle's digest = %v, %v, want %v", b.Digest(), err, first)
	}
	files["a.rego"] = &fstest.MapFile{Data: []byte("package ccr.policy\n\n")}
	if d, err := BundleDigest(files); err != nil || d.Equal(first) {
		t.Errorf("one more byte left the digest as it was: %v, %v", d, err)
	}
	var none *Bundle
	if !none.Digest().IsZero() {
		t.Error("no bundle has a digest")
	}
}

func TestParseBundle(t *testing.T) {
	b := mustBundle(t, "on_request_headers := true")
	again, err := ParseBundle(b.Bytes())
	if err != nil || !again.Digest().Equal(b.Digest()) {
		t.Fatalf("ParseBundle = %v, %v", again.Digest(), err)
	}
	for name, bytes := range map[string][]byte{
		"nothing is refused":           nil,
		"trailing bytes are refused":   append(b.Bytes(), 1),
		"a cut is refused":             b.Bytes()[:len(b.Bytes())-512],
		"another mode is refused":      append([]byte(strings.Replace(string(b.Bytes()[:512]), "0000644", "0000755", 1)), b.Bytes()[512:]...),
		"a changed name is refused":    append([]byte("q"), b.Bytes()[1:]...),
		"no archive at all is refused": []byte("package ccr.policy"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseBundle(bytes); fault.KindOf(err) != fault.Invalid {
				t.Errorf("ParseBundle = %v, want invalid", err)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	for name, tc := range map[string]struct {
		rego    string
		allowed bool
		err     string
	}{
		"true is allowed":                          {"on_request_headers := true", true, ""},
		"an object that says so is allowed":        {`on_request_headers := {"allowed": true, "rule": "a.b", "context": {"x": 1}}`, true, ""},
		"false is refused":                         {"on_request_headers := false", false, ""},
		"undefined is refused":                     {"on_request_headers if input.nothing", false, ""},
		"no such rule is refused":                  {"x := 1", false, ""},
		"a string is refused":                      {`on_request_headers := "true"`, false, "neither"},
		"an object without allowed is refused":     {`on_request_headers := {}`, false, "allowed"},
		"allowed as a string is refused":           {`on_request_headers := {"allowed": "true"}`, false, "allowed"},
		"an unknown field is refused":              {`on_request_headers := {"allowed": true, "headers": {}}`, false, "not known"},
		"rewriting is refused":                     {`on_request_headers := {"allowed": true, "body": "x"}`, false, "rewritten"},
		"a status with a yes is refused":           {`on_request_headers := {"allowed": true, "http_status": 404}`, false, "http_status"},
		"a success as refusal is refused":          {`on_request_headers := {"allowed": false, "http_status": 200}`, false, "http_status"},
		"a rule with a space is refused":           {`on_request_headers := {"allowed": true, "rule": "a b"}`, false, "rule"},
		"a large refusal body is refused":          {`on_request_headers := {"allowed": false, "body": concat("", [c | some i in numbers.range(1, 5000); c := "x"; i > 0])}`, false, ""},
		"a conflict is refused":                    {"on_request_headers := true\n\non_request_headers := false if input.route", false, "evaluation failed"},
		"an error of a built-in is refused":        {`on_request_headers if to_number("x") == 1`, false, "evaluation failed"},
		"a partial set is refused":                 {`on_request_headers contains "allowed"`, false, "neither"},
		"an endless evaluation is refused in time": {`on_request_headers if { some i in numbers.range(1, 1000000); some j in numbers.range(1, 1000000); i * j == -1 }`, false, "evaluation failed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustBundle(t, tc.rego).policy
			v, err := p.ask(t.Context(), RequestHeaders, input{"route": "r"})
			if v.allowed != tc.allowed || (tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err))) || (tc.allowed && err != nil) {
				t.Errorf("ask(%s) = %+v, %v; want allowed %v, error with %q", tc.rego, v, err, tc.allowed, tc.err)
			}
		})
	}
	if v, err := mustBundle(t, "on_x := true").policy.ask(t.Context(), "x", input{}); v.allowed || err == nil {
		t.Errorf("a question outside the four was answered: %+v, %v", v, err)
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add(mustBundle(f, "on_request_headers := true").Bytes())
	f.Add([]byte("package ccr.policy"))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseBundle(b)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("ParseBundle = %v, want invalid", err)
			}
			return
		}
		if string(p.Bytes()) != string(b) {
			t.Errorf("%q was read as %q", b, p.Bytes())
		}
	})
}
