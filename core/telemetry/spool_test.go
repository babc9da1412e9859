package telemetry

import (
	"bytes"
	"net/http"
	"testing"
)

func post(t *testing.T, s *spool, path string, n int) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://spool.invalid"+path, bytes.NewReader(make([]byte, n)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.RoundTrip(r)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func TestSpoolIsBounded(t *testing.T) {
	s := &spool{limit: 100}
	for _, n := range []int{40, 41, 42} { // the third has no room beside both others
		if err := post(t, s, "/v1/logs", n); err != nil {
			t.Fatal(err)
		}
	}
	if err := post(t, s, "/v1/logs", 101); err != nil { // alone too large
		t.Fatal(err)
	}
	got := s.take()
	if len(got) != 2 || len(got[0].body) != 41 || len(got[1].body) != 42 || s.lost() != 2 {
		t.Errorf("kept %d, lost %d; want the last two kept, two lost", len(got), s.lost())
	}
	if len(s.take()) != 0 || s.size != 0 {
		t.Error("taken twice")
	}
	if err := post(t, s, "/v1/profiles", 1); err == nil {
		t.Error("a signal that is none was kept")
	}
}
