package blobs_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
)

// Each store is asked until Waiting is called, or the answer is there.
func TestWaitingIsTold(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	busy := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	var n atomic.Int64
	once := func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	for name, tc := range map[string]struct {
		endpoint string
		told     int64
		want     fault.Kind
	}{
		"of a port without a service":        {"http://" + nobody.Addr().String(), 1, fault.Interrupted},
		"of a service that is busy":          {serve(busy), 1, fault.Interrupted},
		"not of a service that serves again": {serve(once), 0, fault.NotFound},
		"not of a service that answers a no": {serve(http.NotFound), 0, fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var told atomic.Int64
			s := open(t, blobs.Options{Endpoint: tc.endpoint, Container: "c", SAS: "sig=x", Waiting: func() { told.Add(1); cancel() }})
			_, err := s.Stat(ctx, "x")
			if fault.KindOf(err) != tc.want || err == nil || told.Load() != tc.told {
				t.Errorf("Stat = %v (%v), told %d times; want %v, told %d times", err, fault.KindOf(err), told.Load(), tc.want, tc.told)
			}
		})
	}
}
