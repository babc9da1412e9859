package strict

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type inner struct {
	Deep int `json:"deep"`
}

type doc struct {
	Name  string            `json:"name"`
	Count uint8             `json:"count"`
	On    bool              `json:"on,omitempty"`
	Rate  float64           `json:"rate"`
	Inner inner             `json:"inner"`
	List  []inner           `json:"list"`
	Words []string          `json:"words"`
	Map   map[string]string `json:"map"`
	Bytes []byte            `json:"bytes"`
}

func TestDecode(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"a whole document":                {`{"name":"n","count":3,"on":true,"rate":1.5,"inner":{"deep":1},"list":[{"deep":2}],"words":["a"],"map":{"a":"b"},"bytes":"AA=="}`, ""},
		"nothing given":                   {`{}`, ""},
		"an unknown field":                {`{"names":"n"}`, "names: is not a known field"},
		"a field in another case":         {`{"Name":"n"}`, "Name: is not a known field"},
		"a nested field in another case":  {`{"inner":{"Deep":1}}`, "inner.Deep: is not a known field"},
		"a field in a list":               {`{"list":[{},{"dep":1}]}`, "list[1].dep: is not a known field"},
		"a field given twice":             {`{"name":"a","name":"a"}`, "name: must not be given twice"},
		"a nested field given twice":      {`{"list":[{"deep":1,"deep":2}]}`, "list[0].deep: must not be given twice"},
		"a map's key given twice":         {`{"map":{"a":"b","a":"c"}}`, "map.a: must not be given twice"},
		"the same key under two spelling": {`{"name":"a","\u006eame":"b"}`, "name: must not be given twice"},
		"null":                            {`{"name":null}`, "name: must not be null"},
		"a number for text":               {`{"name":7}`, "name: must be text (got 7)"},
		"text for a number":               {`{"count":"7"}`, `count: must be a whole number, 0 or more (got "7")`},
		"a number too large":              {`{"count":256}`, "count: must be a whole number, 0 or more (got 256)"},
		"a list for an object":            {`{"inner":[]}`, "inner: must be an object"},
		"an object for a list":            {`{"words":{}}`, "words: must be a list"},
		"all wrong at once":               {`{"on":1,"x":2,"words":[1]}`, "on: must be true or false (got 1); words[0]: must be text (got 1); x: is not a known field"},
		"trailing bytes":                  {`{} x`, ": must be one JSON object: more follows at byte 3"},
		"a second object":                 {`{}{}`, ": must be one JSON object: more follows at byte 3"},
		"half an object":                  {`{"name":`, ": must be JSON: it ends too early at byte 8"},
		"nothing":                         {``, ": must be JSON: it ends too early at byte 0"},
		"a document too deep":             {strings.Repeat("[", 1000), ": must be JSON: it nests more than 64 deep at byte 65"},
		"a list":                          {`[]`, ": must be an object"},
		"bytes that are no text":          {"{\"name\":\"\xff\"}", ": must be valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			var d doc
			if got := Decode([]byte(tc.in), &d).Error(); got != tc.want {
				t.Errorf("Decode(%s) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"name":"n","list":[{"deep":1}]}`, `{"a":{"a":1,"a":2}}`, `[[[`, `{"map":{"":""}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d, std doc
		if len(Decode(b, &d)) > 0 {
			return
		}
		// What is accepted is read as the standard library reads it.
		if err := json.Unmarshal(b, &std); err != nil || !reflect.DeepEqual(d, std) {
			t.Errorf("Decode(%s) = %+v, the standard library %+v, %v", b, d, std, err)
		}
	})
}
