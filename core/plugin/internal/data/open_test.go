package data

import (
	"io"
	"net/http"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

func TestAReadOfAnyVersionSaysWhichItIs(t *testing.T) {
	for name, tc := range map[string]struct {
		tags []string
		want fault.Kind // Internal: none
	}{
		"the answer names the version":        {[]string{`"v7"`}, fault.Internal},
		"an answer without one is refused":    {nil, fault.Tampered},
		"an answer with two is refused":       {[]string{`"v7"`, `"v8"`}, fault.Tampered},
		"an answer that names any is refused": {[]string{"*"}, fault.Tampered},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header.Get("If-Match")
				for _, tag := range tc.tags {
					w.Header().Add("ETag", tag)
				}
				w.Header().Set("Content-Range", "bytes 2-5/10")
				w.Header().Set("Content-Length", "4")
				w.WriteHeader(206)
				io.WriteString(w, "2345")
			}))
			body, o, err := c.Open(t.Context(), object.Info{Name: "n", Size: 10, ETag: object.AnyVersion}, 2, 4)
			if asked != "*" {
				t.Errorf("asked for version %q, want any", asked)
			}
			if tc.want != fault.Internal {
				if err == nil || fault.KindOf(err) != tc.want {
					t.Errorf("Open = %v, want %v", err, tc.want)
				}
				return
			}
			if err != nil || o.ETag != `"v7"` {
				t.Fatalf("Open = %+v, %v", o, err)
			}
			defer body.Close()
			if got, err := io.ReadAll(body); string(got) != "2345" || err != nil {
				t.Errorf("body = %q, %v", got, err)
			}
		})
	}
}

func TestABodyCutShortIsUnavailable(t *testing.T) {
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Range", "bytes 2-5/10")
		w.Header().Set("Content-Length", "4")
		w.WriteHeader(206)
		io.WriteString(w, "23")
	}))
	body, _, err := c.Open(t.Context(), object.Info{Name: "n", Size: 10, ETag: `"v1"`}, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); string(got) != "23" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("body = %q, %v, want Unavailable", got, err)
	}
}
