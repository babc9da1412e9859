package volume_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// committed has files of no, one and several segments.
var committed = map[string][]byte{"a": {}, "b/c": []byte("x"), "d": volumetest.Bytes(200_000, 2)}

// away is an answer of a store that wants to be left alone for longer than anybody waits.
type away struct{}

func (away) Error() string             { return "away" }
func (away) RetryAfter() time.Duration { return time.Hour }

func unavailable() error { return fault.New(fault.Unavailable, "store", "%w", away{}) }

// writeOnly hides that a store can be read.
type writeOnly struct{ volume.Sink }

// steps calls reach before each operation of a sink, at each piece of a body, and after each answer.
type steps struct {
	under volume.Sink
	reach func(what string) error
	one   bool       // object at a time
	mu    sync.Mutex // for one
}

func (s *steps) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	if s.one {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	if err := s.reach("before a put"); err != nil {
		return object.Info{}, err
	}
	o, err := s.under.Put(ctx, name, size, &pieces{body, s}, c)
	if err == nil {
		err = s.reach("after a put")
	}
	return o, err
}

type pieces struct {
	r io.Reader
	s *steps
}

func (p *pieces) Read(b []byte) (int, error) {
	n, err := p.r.Read(b[:min(len(b), 16<<10)])
	if err == nil {
		err = p.s.reach("a piece of a body")
	}
	return n, err
}

func (s *steps) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	return s.under.(*volumetest.Store).ReadRange(ctx, o, off, p)
}

func (s *steps) Stat(ctx context.Context, name string) (object.Info, error) {
	if err := s.reach("before a stat"); err != nil {
		return object.Info{}, err
	}
	o, err := s.under.Stat(ctx, name)
	if away := s.reach("after a stat"); away != nil {
		err = away
	}
	return o, err
}

func (s *steps) Delete(ctx context.Context, o object.Info) error {
	if err := s.reach("before a delete"); err != nil {
		return err
	}
	err := s.under.Delete(ctx, o)
	if away := s.reach("after a delete"); away != nil {
		err = away
	}
	return err
}

// sameFiles fails unless the output in s opens whole, and is the files.
func sameFiles(t *testing.T, at string, s *volumetest.Store, c volume.Committed, private *secret.Bytes, files map[string][]byte) {
	t.Helper()
	if got := openOutput(t, s, c, private); !maps.EqualFunc(got, files, bytes.Equal) {
		t.Fatalf("%s: %d files came back, or differ", at, len(got))
	}
}

func TestACommitGoesOnAfterTheStoreWasAwayFromAnyStep(t *testing.T) {
	n := 1
	for ; ; n++ {
		at, seen, put := fmt.Sprintf("step %d", n), 0, 0
		s := &volumetest.Store{}
		sink := &steps{under: s, one: true, reach: func(what string) error {
			if seen++; seen >= n {
				return unavailable()
			}
			return nil
		}}
		o, private := outputOf(t, staging(t, committed), s)
		o.Sink = sink
		c, err := volume.Begin(o)
		if err != nil {
			t.Fatal(err)
		}
		p, end := permit.Issue(o.Operation, o.SinkName)
		_, err = c.Commit(t.Context(), p)
		if err == nil {
			end()
			break
		}
		if fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("%s: Commit = %v, want Unavailable", at, err)
		}
		before := len(s.Names())
		sink.reach = func(what string) error {
			if what == "after a put" {
				put++
			}
			return nil
		}
		first, err := c.Commit(t.Context(), p)
		if err != nil {
			t.Fatalf("%s: Commit again = %v", at, err)
		}
		again, err := c.Commit(t.Context(), p)
		if err != nil || again != first {
			t.Errorf("%s: Commit a third time = %+v, %v; want %+v", at, again, err, first)
		}
		end()
		c.Close(t.Context())
		sameFiles(t, at, s, first, private, committed)
		if len(s.Names()) != len(committed)+1 || put > len(committed)+1-max(0, before-1) {
			t.Errorf("%s: %d objects were there, %d were put, the store has %v", at, before, put, s.Names())
		}
	}
	t.Logf("the store went away at each of %d steps", n-1)
	if n < 20 {
		t.Errorf("only %d steps", n-1)
	}
}

// TestAnotherRoomCommitsAtEveryStep: of two rooms with one place, one wins, whenever the second begins.
func TestAnotherRoomCommitsAtEveryStep(t *testing.T) {
	n, won := 1, map[string]int{}
	for ; ; n++ {
		at, seen := fmt.Sprintf("step %d", n), 0
		s := &volumetest.Store{}
		other := map[string][]byte{"other": []byte("y"), "e": {}}
		b, keyOfB := outputOf(t, staging(t, other), s)
		var outB volume.Committed
		var errB error
		a, keyOfA := outputOf(t, staging(t, committed), s)
		a.Sink = &steps{under: s, one: true, reach: func(string) error {
			if seen++; seen == n {
				outB, errB = commit(t, b)
			}
			return nil
		}}
		outA, errA := commit(t, a)
		if seen < n {
			break
		}
		switch {
		case errA == nil && errB != nil && fault.KindOf(errB) == fault.Denied:
			won["first"]++
			sameFiles(t, at, s, outA, keyOfA, committed)
		case errB == nil && errA != nil && fault.KindOf(errA) == fault.Denied:
			won["second"]++
			sameFiles(t, at, s, outB, keyOfB, other)
		default:
			t.Fatalf("%s: the rooms are told %v and %v", at, errA, errB)
		}
		want := len(committed) + 1
		if errB == nil {
			want = len(other) + 1
		}
		if len(s.Names()) != want {
			t.Errorf("%s: the loser left something: %v", at, s.Names())
		}
	}
	t.Logf("another room committed at each of %d steps; won: %v", n-1, won)
	if won["first"] == 0 || won["second"] == 0 {
		t.Errorf("won: %v", won)
	}
}

// TestAnAnswerIsLost of the manifest's write.
func TestAnAnswerIsLost(t *testing.T) {
	for name, tc := range map[string]struct {
		blind  bool                                       // the sink cannot be read
		before func(s *volumetest.Store, manifest string) // at the write, in the sink
		want   fault.Kind                                 // 0 is success
		left   int
	}{
		"a sink that can be read has it":                     {want: 0, left: 4},
		"a sink that cannot be read is not sure":             {blind: true, want: fault.Unavailable, left: 4},
		"another room's of another size is Denied":           {before: set(10), want: fault.Denied, left: 1},
		"another room's of another size needs no reading":    {blind: true, before: set(10), want: fault.Denied, left: 1},
		"another room's of the same size, readable, is told": {before: set(-1), want: fault.Denied, left: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &volumetest.Store{}
			o, private := outputOf(t, staging(t, committed), s)
			o.Sink = &losing{Store: s, before: tc.before}
			if tc.blind {
				o.Sink = writeOnly{o.Sink}
			}
			c, err := commit(t, o)
			if (err == nil) != (tc.want == 0) || fault.KindOf(err) != tc.want {
				t.Errorf("Commit = %+v, %v; want %v", c, err, tc.want)
			}
			if len(s.Names()) != tc.left {
				t.Errorf("the store has %v, want %d objects", s.Names(), tc.left)
			}
			if b := s.Get("out/run/manifest"); tc.before == nil {
				c.Manifest, c.Digest = "out/run/manifest", digest.Of(b)
				sameFiles(t, name, s, c, private, committed)
			}
		})
	}
}

// set puts another's manifest of n bytes; -1 is as many as ours.
func set(n int) func(*volumetest.Store, string) {
	return func(s *volumetest.Store, ours string) {
		if n < 0 {
			s.Set("out/run/manifest", make([]byte, len(ours)))
			return
		}
		s.Set("out/run/manifest", make([]byte, n))
	}
}

// losing loses the answer to the first write of the manifest.
type losing struct {
	*volumetest.Store
	before func(*volumetest.Store, string)
	late   []byte // arrives with the second try, where set
	lost   bool
}

func (s *losing) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	if s.lost || !strings.HasSuffix(name, "/manifest") {
		if s.late != nil && strings.HasSuffix(name, "/manifest") {
			s.Set(name, s.late)
		}
		return s.Store.Put(ctx, name, size, body, c)
	}
	s.lost = true
	b, err := io.ReadAll(body)
	if err != nil {
		return object.Info{}, err
	}
	switch {
	case s.late != nil:
		s.late = b
		return object.Info{}, fault.New(fault.Unavailable, "store", "slow")
	case s.before != nil:
		s.before(s.Store, string(b))
	default:
		s.Set(name, b)
	}
	return object.Info{}, unavailable()
}

// A write that timed out arrives just before the next try, which is then refused.
func TestAWriteOfTheManifestThatIsLateIsOurs(t *testing.T) {
	for name, blind := range map[string]bool{"readable": false, "not readable": true} {
		t.Run(name, func(t *testing.T) {
			s := &volumetest.Store{}
			o, private := outputOf(t, staging(t, committed), s)
			o.Sink = &losing{Store: s, late: []byte{}}
			if blind {
				o.Sink = writeOnly{o.Sink}
			}
			c, err := commit(t, o)
			if blind != (err != nil) || blind && fault.KindOf(err) != fault.Unavailable {
				t.Errorf("Commit = %+v, %v", c, err)
			}
			c.Manifest, c.Digest = "out/run/manifest", digest.Of(s.Get("out/run/manifest"))
			sameFiles(t, name, s, c, private, committed)
		})
	}
}
