package manifest

import (
	"strings"
	"testing"
)

const good = `{"name":"source/mystore","version":"1","services":["a","b"],"capabilities":[],"hostServices":[],"tokenAudiences":["x"]}`

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, wantErr string }{
		"a good one":             {"", "", ""},
		"an unknown field":       {`"version"`, `"extra":1,"version"`, "extra: is not a known field"},
		"a field given twice":    {`"version"`, `"version":"2","version"`, "version: must not be given twice"},
		"trailing bytes":         {`]}`, `]} x`, "more follows"},
		"a name without a kind":  {"source/mystore", "mystore", "name: must be"},
		"an unknown kind":        {"source/mystore", "spy/mystore", "name: must be"},
		"a name with a path":     {"source/mystore", "source/../x", "name: must be"},
		"no version":             {`"1"`, `""`, "version: is required"},
		"no service":             {`["a","b"]`, `[]`, "services: is required"},
		"services not sorted":    {`["a","b"]`, `["b","a"]`, "services[1]: must be sorted"},
		"a service named twice":  {`["a","b"]`, `["a","a"]`, "services[1]: must be sorted"},
		"an empty audience":      {`["x"]`, `[""]`, "tokenAudiences[0]: must be sorted"},
		"a file that is too big": {`]}`, `]}` + strings.Repeat(" ", MaxSize), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse([]byte(strings.Replace(good, tc.old, tc.new, 1)))
			if tc.wantErr == "" && (err != nil || d.Name != "source/mystore") || tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("Parse = %+v, %v, want %q", d, err, tc.wantErr)
			}
		})
	}
}

func TestEqualSeesEveryField(t *testing.T) {
	d, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Equal(FromProto(d.Proto())) {
		t.Error("a description differs from itself after crossing the wire")
	}
	for name, change := range map[string]func(*Description){
		"name":         func(d *Description) { d.Name = "x" },
		"version":      func(d *Description) { d.Version = "x" },
		"services":     func(d *Description) { d.Services = nil },
		"capabilities": func(d *Description) { d.Capabilities = []string{"x"} },
		"host":         func(d *Description) { d.HostServices = []string{"x"} },
		"audiences":    func(d *Description) { d.TokenAudiences = nil },
	} {
		o := d
		change(&o)
		if d.Equal(o) || o.Equal(d) {
			t.Errorf("another %s is taken for the same", name)
		}
	}
}
