package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

func TestErrorsKeepTheirKind(t *testing.T) {
	p := started(t, install(t, "source/good"))
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []fault.Kind{fault.Internal, fault.Invalid, fault.NotFound, fault.Denied, fault.Unattested, fault.Tampered, fault.Unavailable} {
		if _, err := s.Stat(t.Context(), fmt.Sprintf("kind-%d", k)); fault.KindOf(err) != k || !strings.Contains(err.Error(), "op: asked for") {
			t.Errorf("Stat of a %v = %v (%v)", k, err, fault.KindOf(err))
		}
	}
	for name, want := range map[string]fault.Kind{
		"kindless": fault.Internal, fmt.Sprintf("kind-%d", fault.Usage): fault.Internal, "kind-200": fault.Internal,
		"negative": fault.Tampered, "etagless": fault.Tampered, "": fault.Invalid, "none": fault.NotFound,
	} {
		if _, err := s.Stat(t.Context(), name); fault.KindOf(err) != want || err == nil {
			t.Errorf("Stat(%q) = %v (%v), want %v", name, err, fault.KindOf(err), want)
		}
	}
	for _, err := range s.List(t.Context(), "lie") {
		if fault.KindOf(err) != fault.Tampered || err == nil {
			t.Errorf("List that lies = %v, want Tampered", err)
		}
	}
}

func TestReadRangeRefuses(t *testing.T) {
	p := started(t, install(t, "source/good"))
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	good, err := s.Stat(t.Context(), "a/b c")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		o    object.Info
		off  int64
		n    int
		want fault.Kind
	}{
		"another version is Tampered":         {object.Info{Name: good.Name, Size: good.Size, ETag: "old"}, 0, 1, fault.Tampered},
		"another size is Tampered":            {object.Info{Name: good.Name, Size: good.Size - 1, ETag: good.ETag}, 0, 1, fault.Tampered},
		"a missing object is NotFound":        {object.Info{Name: "none", Size: 9, ETag: "x"}, 0, 1, fault.NotFound},
		"no version is Invalid":               {object.Info{Name: good.Name, Size: good.Size}, 0, 1, fault.Invalid},
		"a range past the end is Invalid":     {good, good.Size - 1, 2, fault.Invalid},
		"a negative offset is Invalid":        {good, -1, 1, fault.Invalid},
		"a version with a newline is Invalid": {object.Info{Name: good.Name, Size: 1, ETag: "a\r\nX: y"}, 0, 1, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.ReadRange(t.Context(), tc.o, tc.off, make([]byte, tc.n)); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("ReadRange(%+v, %d, %d) = %v (%v), want %v", tc.o, tc.off, tc.n, err, fault.KindOf(err), tc.want)
			}
		})
	}
	if err := s.ReadRange(t.Context(), good, good.Size, nil); err != nil {
		t.Errorf("ReadRange of nothing = %v", err)
	}
}

func TestTokens(t *testing.T) {
	o := install(t, "source/good")
	expires := time.Unix(2_000_000_000, 0)
	o.Tokens = func(_ context.Context, audience string) (string, time.Time, error) {
		return "for-" + audience, expires, nil
	}
	p := started(t, o)
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), "token-storage")
	if err != nil || info.ETag != "for-storage" || info.Size != expires.Unix() {
		t.Errorf("token = %+v, %v", info, err)
	}
	if _, err := s.Stat(t.Context(), "token-vault"); fault.KindOf(err) != fault.Denied {
		t.Errorf("token of an undeclared audience = %v (%v), want Denied", err, fault.KindOf(err))
	}
	o2 := install(t, "source/good") // the host gives none
	s2, err := started(t, o2).Source()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s2.Stat(t.Context(), "token-storage"); fault.KindOf(err) != fault.Denied {
		t.Errorf("token of a host without any = %v (%v), want Denied", err, fault.KindOf(err))
	}
}

func TestSinkEndToEnd(t *testing.T) {
	p := started(t, install(t, "sink/good"))
	s, err := p.Sink()
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, body string, c object.Condition) (object.Info, error) {
		return s.Put(t.Context(), name, int64(len(body)), strings.NewReader(body), c)
	}
	first, err := put("out/1", "one", object.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Stat(t.Context(), "out/1"); err != nil || got != first {
		t.Errorf("Stat = %+v, %v, want %+v", got, err, first)
	}
	for name, tc := range map[string]struct {
		c    object.Condition
		want fault.Kind
	}{
		"nothing is overwritten unless asked for": {object.Condition{}, fault.Denied},
		"another version is not overwritten":      {object.Condition{Overwrite: true, IfMatch: "other"}, fault.Denied},
		"a version without overwriting":           {object.Condition{IfMatch: first.ETag}, fault.Invalid},
	} {
		if _, err := put("out/1", strings.Repeat("two", 1<<20), tc.c); fault.KindOf(err) != tc.want || err == nil {
			t.Errorf("%s: Put = %v (%v), want %v", name, err, fault.KindOf(err), tc.want)
		}
	}
	second, err := put("out/1", "", object.Condition{Overwrite: true, IfMatch: first.ETag})
	if err != nil || second.Size != 0 {
		t.Errorf("Put over its version = %+v, %v", second, err)
	}
	if err := s.Delete(t.Context(), first); fault.KindOf(err) != fault.Denied {
		t.Errorf("Delete of an older version = %v, want Denied", err)
	}
	if err := s.Delete(t.Context(), second); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if _, err := s.Stat(t.Context(), "out/1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Stat = %v, want NotFound", err)
	}
	big := strings.Repeat("x", 8<<20)
	if _, err := put("early", big, object.Condition{}); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "503") {
		t.Errorf("Put that is refused unread = %v (%v), want Unavailable with its answer", err, fault.KindOf(err))
	}
	if _, err := put("lazy", big, object.Condition{}); fault.KindOf(err) != fault.Internal {
		t.Errorf("Put that was not read = %v (%v), want Internal", err, fault.KindOf(err))
	}
	cause := fault.New(fault.Tampered, "test", "bad bytes")
	_, err = s.Put(t.Context(), "out/2", 9, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(cause)), object.Condition{})
	if !errors.Is(err, cause) || fault.KindOf(err) != fault.Tampered {
		t.Errorf("Put of a broken body = %v (%v), want its cause", err, fault.KindOf(err))
	}
	_, err = s.Put(t.Context(), "out/2", 9, strings.NewReader("abc"), object.Condition{})
	if err == nil {
		t.Error("Put of a body shorter than said = nil")
	}
	if _, err := s.Stat(t.Context(), "out/2"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Stat of what was cut short = %v, want NotFound", err)
	}
}

func TestOtherKindsEndToEnd(t *testing.T) {
	nonce := []byte("nonce")
	g, err := started(t, install(t, "governance/good")).Governance()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := g.Consent(t.Context(), &sdk.ConsentRequest{Nonce: nonce}); err != nil || r.Decision != sdk.Granted || !bytes.Equal(r.Answer, nonce) {
		t.Errorf("Consent = %v, %v", r, err)
	}
	if r, err := g.Record(t.Context(), &sdk.RecordRequest{Event: nonce}); err != nil || !bytes.Equal(r.Receipt, nonce) {
		t.Errorf("Record = %v, %v", r, err)
	}
	k, err := started(t, install(t, "keyservice/good")).KeyService()
	if err != nil {
		t.Fatal(err)
	}
	if answer, sig, err := k.Release(t.Context(), "kek", nil, nil, nonce); err != nil || string(answer) != "kek" || !bytes.Equal(sig, nonce) {
		t.Errorf("Release = %q, %q, %v", answer, sig, err)
	}
	run := started(t, install(t, "runtime/good"))
	r, err := run.Runtime()
	if err != nil {
		t.Fatal(err)
	}
	if w, err := r.Wait(t.Context(), &sdk.WaitRequest{}); err != nil || w.ExitCode != 7 {
		t.Errorf("Wait = %v, %v", w, err)
	}
	if _, err := run.Source(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Source of a runtime = %v, want Invalid", err)
	}
	if err := run.Validate(t.Context(), []byte(`{"greeting": "wrong"}`)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Validate = %v, want Invalid", err)
	}
}
