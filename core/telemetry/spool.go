package telemetry

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// SpoolLimit bounds what waits for consent, in bytes of OTLP. It is memory of the
// room's process, so of the TEE; the oldest goes first when more comes.
const SpoolLimit = 16 << 20

// signals of OTLP over HTTP, by the path they are sent to.
var paths = map[string]string{"/v1/traces": "traces", "/v1/metrics": "metrics", "/v1/logs": "logs"}

// item is one request that an exporter made.
type item struct {
	path string
	body []byte // protobuf
}

// spool is a transport that sends nothing: what exporters give it waits here. Its
// methods may be called concurrently.
type spool struct {
	mu      sync.Mutex
	items   []item // guarded by mu, as all below
	size    int
	dropped int64
	limit   int
}

// RoundTrip keeps the request and answers 200.
func (s *spool) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || paths[r.URL.Path] == "" {
		return nil, errors.New("not an OTLP request")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(s.limit)+1))
	if cerr := r.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	s.put(item{r.URL.Path, body})
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody, Request: r}, nil
}

func (s *spool) put(i item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(i.body) > s.limit {
		s.dropped++
		return
	}
	s.items = append(s.items, i)
	s.size += len(i.body)
	for s.size > s.limit {
		s.size -= len(s.items[0].body)
		s.items[0] = item{} // the slice still holds it
		s.items = s.items[1:]
		s.dropped++
	}
}

// take empties the spool.
func (s *spool) take() []item {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.items
	s.items, s.size = nil, 0
	return all
}

func (s *spool) lost() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}
