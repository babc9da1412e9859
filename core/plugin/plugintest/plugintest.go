// Package plugintest holds the conformance kits: what every plugin of a kind must do, as a
// plain map from a test's name to a function. They run in process, over the wire, and, by
// Verify, against a finished binary. The folder broken holds plugins that are wrong on
// purpose, which prove that each test bites. The kits judge behaviour alone, never speed.
package plugintest

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// T is what a test of a kit needs; *testing.T has it.
type T interface {
	Context() context.Context
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Kit is a set of tests by name. The names are sentences: what must hold. A test file runs
// it with t.Run(name, func(t *testing.T) { test(t) }) for each.
type Kit map[string]func(T)

// Result is how one test of a kit ended.
type Result struct {
	Test   string   `json:"test"`
	Passed bool     `json:"passed"`
	Found  []string `json:"found,omitempty"` // what was wrong
}

// Results runs a kit without package testing, in the order of names.
func (k Kit) Results(ctx context.Context) []Result {
	var out []Result
	for _, name := range slices.Sorted(maps.Keys(k)) {
		found := attempt(ctx, k[name])
		out = append(out, Result{Test: name, Passed: len(found) == 0, Found: found})
	}
	return out
}

// testLimit ends one test of a plugin that hangs.
const testLimit = time.Minute

// attempt runs one test and returns what was wrong.
func attempt(ctx context.Context, test func(T)) []string {
	ctx, cancel := context.WithTimeout(ctx, testLimit)
	defer cancel()
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() { // Fatalf ends it
		defer close(done)
		test(r)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		r.Errorf("did not end: %v", ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.found)
}

type recorder struct {
	ctx   context.Context
	mu    sync.Mutex
	found []string // guarded by mu
}

func (r *recorder) Context() context.Context { return r.ctx }
func (*recorder) Helper()                    {}
func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = append(r.found, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// wantKind says of err whether it is one of the kinds.
func wantKind(t T, call string, err error, kinds ...sdk.Kind) {
	t.Helper()
	if err == nil || !slices.Contains(kinds, sdk.KindOf(err)) {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = k.String()
		}
		t.Errorf("%s = %v (%v), want an error of kind %s", call, err, sdk.KindOf(err), strings.Join(names, " or "))
	}
}

// Validator is what the tests of configurations need: an author's Validate, or a host's.
type Validator func(config []byte) []sdk.Violation

// Config is the kit that every kind has. Good is a configuration that must be accepted.
func Config(validate Validator, good []byte) Kit {
	refused := func(t T, config string) []sdk.Violation {
		t.Helper()
		vs := validate([]byte(config))
		if len(vs) == 0 {
			t.Fatalf("Validate(%.80s) found nothing wrong", config)
		}
		return vs
	}
	return Kit{
		"validate: a good configuration is accepted": func(t T) {
			if vs := validate(good); len(vs) > 0 {
				t.Errorf("Validate(%s) = %v, want nothing", good, vs)
			}
		},
		"validate: an unknown field is refused by its name": func(t T) {
			vs := refused(t, with(good, `"no_such_field":1`))
			if !slices.ContainsFunc(vs, func(v sdk.Violation) bool { return v.Field == "no_such_field" }) {
				t.Errorf("violations %v do not name no_such_field", vs)
			}
		},
		"validate: a field given twice is refused": func(t T) {
			refused(t, with(good, `"twice":1,"twice":1`))
			if key, value, ok := firstField(good); ok {
				refused(t, with(good, key+":"+value))
			}
		},
		"validate: bytes after the object are refused": func(t T) { refused(t, string(good)+" {}") },
		"validate: half an object is refused":          func(t T) { refused(t, strings.TrimSuffix(strings.TrimSpace(string(good)), "}")) },
		"validate: what is no object is refused": func(t T) {
			for _, config := range []string{"", "null", "[]", `"text"`, "7"} {
				if len(validate([]byte(config))) == 0 {
					t.Errorf("Validate(%q) found nothing wrong", config)
				}
			}
		},
		"validate: every violation says what would be right": func(t T) {
			for _, v := range refused(t, `{"no_such_field": 1}`) {
				if v.Description == "" {
					t.Errorf("violation of %q without a description", v.Field)
				}
			}
		},
	}
}
