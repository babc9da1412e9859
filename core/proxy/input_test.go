package proxy

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

func headerMap(pairs ...string) *corev3.HeaderMap {
	m := &corev3.HeaderMap{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: pairs[i], RawValue: []byte(pairs[i+1])})
	}
	return m
}

func get(path string, more ...string) *corev3.HeaderMap {
	return headerMap(append([]string{":method", "GET", ":scheme", "http", ":authority", "api.demo", ":path", path}, more...)...)
}

func TestRequestsThatReadInOneWay(t *testing.T) {
	for name, tc := range map[string]struct {
		in   *corev3.HeaderMap
		want string // part of the error; "" means read
	}{
		"a plain request is read":                    {get("/v1/a?x=1&x=2", "accept", "*/*"), ""},
		"an escape that is needed is read":           {get("/a%20b"), ""},
		"a path that climbs is refused":              {get("/a/../b"), "normalised"},
		"a path that stays is refused":               {get("/a/./b"), "normalised"},
		"an empty segment is refused":                {get("/a//b"), "normalised"},
		"a fragment is refused":                      {get("/a#b"), "normalised"},
		"a backslash is refused":                     {get(`/a\b`), "normalised"},
		"no path is refused":                         {get(""), "absolute"},
		"an absolute address is refused":             {get("http://x/"), "absolute"},
		"an escaped letter is refused":               {get("/%70atients"), "must not be escaped"},
		"an escaped slash is refused":                {get("/a%2fb"), "must not be escaped"},
		"an escaped dot is refused":                  {get("/%2e%2E/b"), "must not be escaped"},
		"an escaped percent sign is refused":         {get("/%252e"), "must not be escaped"},
		"an escaped zero is refused":                 {get("/a%00"), "must not be escaped"},
		"an escape that is none is refused":          {get("/a%zz"), "escape that is none"},
		"an escape with a sign is refused":           {get("/a%+1"), "escape that is none"},
		"half an escape is refused":                  {get("/a%2"), "half an escape"},
		"a byte outside ASCII is refused":            {get("/\xc3\xa9"), "printable"},
		"a semicolon in the query is refused":        {get("/a?x=1;y=2"), "one way"},
		"a query that is not UTF-8 is refused":       {get("/a?x=%ff"), "UTF-8"},
		"an upper-case name is refused":              {get("/a", "Accept", "x"), "lower-case"},
		"a value that is not UTF-8 is refused":       {get("/a", "x", "\xff"), "one line"},
		"a value of two lines is refused":            {get("/a", "x", "a\nb"), "one line"},
		"two paths are refused":                      {get("/a", ":path", "/b"), "comes twice"},
		"no method is refused":                       {headerMap(":authority", "a", ":path", "/"), "no method"},
		"no host is refused":                         {headerMap(":method", "GET", ":path", "/"), "no host"},
		"more headers than anyone needs are refused": {get("/a", make([]string, 300)...), "more than"},
		"an empty name is refused":                   {get("/a", "", "x"), "lower-case"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readRequest(tc.in)
			if tc.want == "" {
				if err != nil || r.method != "GET" || r.host != "api.demo" {
					t.Errorf("readRequest = %+v, %v", r, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("readRequest = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	for name, tc := range map[string]struct {
		status string
		ok     bool
	}{"success": {"200", true}, "server's error": {"599", true}, "informational": {"103", false}, "none": {"", false}, "text": {"ok", false}, "too high": {"600", false}} {
		t.Run(name, func(t *testing.T) {
			if _, err := readResponse(headerMap(":status", tc.status)); (err == nil) != tc.ok {
				t.Errorf("readResponse(%q) = %v", tc.status, err)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	type headers = map[string][]string
	asJSON := headers{"content-type": {"application/json"}}
	for name, tc := range map[string]struct {
		headers headers
		body    string
		field   string // that holds the body; "" means only its size
		want    string // part of the error
	}{
		"JSON is a value":                          {asJSON, `{"a":[1,{"b":null}]}`, "json", ""},
		"a kind of JSON is a value":                {headers{"content-type": {"application/problem+json; charset=UTF-8"}}, `1`, "json", ""},
		"other UTF-8 is text":                      {headers{"content-type": {"text/csv"}}, `a,b`, "text", ""},
		"JSON that does not say so is text":        {nil, `{"a":1,"a":2}`, "text", ""},
		"other bytes are base64":                   {nil, "\xff", "base64", ""},
		"an empty one has its size":                {asJSON, "", "", ""},
		"a duplicate key is refused":               {asJSON, `{"a":1,"a":2}`, "", "duplicate"},
		"a duplicate key deep down is refused":     {asJSON, `[{"x":{"a":1,"a":2}}]`, "", "duplicate"},
		"a duplicate key by escape is refused":     {asJSON, `{"a":1,"\u0061":2}`, "", "duplicate"},
		"two values are refused":                   {asJSON, `{} {}`, "", "more after"},
		"trailing bytes are refused":               {asJSON, `{}x`, "", "more after"},
		"half a value is refused":                  {asJSON, `{"a":`, "", "cannot be read"},
		"half a list is refused":                   {asJSON, `[1,2`, "", "cannot be read"},
		"a comment is refused":                     {asJSON, `{/**/}`, "", "cannot be read"},
		"not UTF-8 is refused":                     {asJSON, "\"\xff\"", "", "UTF-8"},
		"a byte order mark is refused":             {asJSON, "\ufeff{}", "", "cannot be read"},
		"half a surrogate pair is refused":         {asJSON, `"\ud800"`, "", "surrogate"},
		"the wrong half of one is refused":         {asJSON, `"\udc00\ud800"`, "", "surrogate"},
		"a high half before a letter is refused":   {asJSON, `"\ud83dA"`, "", "surrogate"},
		"a whole pair is read":                     {asJSON, `"\ud83d\ude00"`, "json", ""},
		"an escaped backslash before u is read":    {asJSON, `"\\ud800"`, "json", ""},
		"a number beyond all measure is refused":   {asJSON, `1e999`, "", "number"},
		"a number beyond all smallness is refused": {asJSON, `1e-9999`, "", "number"},
		"a very long number is refused":            {asJSON, strings.Repeat("1", 65), "", "number"},
		"65 levels are refused":                    {asJSON, strings.Repeat("[", 65) + strings.Repeat("]", 65), "", "deep"},
		"64 levels are read":                       {asJSON, strings.Repeat("[", 64) + strings.Repeat("]", 64), "json", ""},
		"a compressed one is refused":              {headers{"content-encoding": {"gzip"}}, "x", "", "encoded"},
		"an identity encoding is read":             {headers{"content-encoding": {"identity"}}, "x", "text", ""},
		"two content types are refused":            {headers{"content-type": {"application/json", "text/plain"}}, "1", "", "more than one"},
		"a content type that is none is refused":   {headers{"content-type": {"a b c;;"}}, "1", "", "cannot be read"},
		"JSON in another character set is refused": {headers{"content-type": {"application/json;charset=utf-7"}}, "1", "", "character set"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := bodyDoc(tc.headers, []byte(tc.body))
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("bodyDoc(%q) = %v, %v; want %q", tc.body, doc, err, tc.want)
				}
				return
			}
			fields := map[bool]int{true: 1, false: 2}[tc.field == ""]
			if _, ok := doc[tc.field]; err != nil || doc["size"] != len(tc.body) || len(doc) != fields || (tc.field != "" && !ok) {
				t.Errorf("bodyDoc(%q) = %v, %v; want it in %q", tc.body, doc, err, tc.field)
			}
		})
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":"\ud83d\ude00"}]}`, `{"a":1,"a":2}`, `"\ud800"`, `[[[[`, ``, `1e999`, `{"\u0000":-0.0}`} {
		f.Add("application/json", []byte(s))
	}
	f.Add("text/plain", []byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		doc, err := bodyDoc(map[string][]string{"content-type": {contentType}}, body)
		if err != nil {
			return
		}
		v, ok := doc["json"]
		if !ok {
			return
		}
		// What policy judged is what any other reader of valid JSON finds.
		var other any
		if err := json.Unmarshal(body, &other); err != nil && !strings.Contains(err.Error(), "float64") {
			t.Fatalf("%q was read, but encoding/json says %v", body, err)
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", body, err)
		}
		if _, err := readJSON(again); err != nil {
			t.Fatalf("%q written again as %q: %v", body, again, err)
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "a.demo", "/a/b?x=1", "accept", []byte("*/*"))
	f.Add("POST", "a.demo:80", "/%2e%2e/?x=%zz", ":path", []byte("\xff"))
	f.Add("", "", "", "", []byte{})
	f.Fuzz(func(t *testing.T, method, host, path, name string, value []byte) {
		m := headerMap(":method", method, ":authority", host, ":path", path)
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: name, RawValue: value})
		r, err := readRequest(m)
		if err != nil {
			return
		}
		if strings.Contains(r.path, "..") && plainPath(r.path) != nil || strings.Contains(r.path, "?") || !strings.HasPrefix(r.path, "/") {
			t.Errorf("path %q was let through as %q", path, r.path)
		}
		b, err := json.Marshal(r.doc())
		if err != nil || !utf8.Valid(b) {
			t.Errorf("%+v cannot be handed to policy: %v", r, err)
		}
	})
}
