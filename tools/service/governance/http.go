package governance

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// Bounds of request bodies, in bytes of JSON.
const (
	maxSubmission = (api.MaxSpecification+api.MaxPolicy)/3*4 + 16<<10
	maxQuestion   = 8 << 10
	maxEvent      = 60 << 10 // core/governance.MaxEvent in base64, with its signature
)

// Handler serves the service over HTTP. Whoever reaches it may read all of it and ask: the
// log holds no data. Writing needs a party's or a room's signature.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, f func(*http.Request) (any, error)) { mux.HandleFunc("GET "+path, s.answer(f)) }
	get(api.PathInfo, func(*http.Request) (any, error) { return s.Info(), nil })
	get(api.PathContracts, func(*http.Request) (any, error) { return s.Contracts(), nil })
	get(api.PathContracts+"/{contract}", func(r *http.Request) (any, error) {
		d, err := pathDigest(r, "contract")
		if err != nil {
			return nil, err
		}
		c, _, err := s.Contract(d)
		return c, err
	})
	get(api.PathContracts+"/{contract}/acts", func(r *http.Request) (any, error) {
		d, err := pathDigest(r, "contract")
		if err != nil {
			return nil, err
		}
		_, acts, err := s.Contract(d)
		return acts, err
	})
	get(api.PathRooms, func(*http.Request) (any, error) { return s.Rooms(), nil })
	get(api.PathRooms+"/{room}/events", s.events)
	mux.HandleFunc("GET "+api.PathDocuments+"{document}", s.document)
	mux.HandleFunc("GET "+api.PathLog+"{path...}", s.logFile)
	mux.HandleFunc("POST "+api.PathActs, s.answer(s.postAct))
	mux.HandleFunc("POST "+api.PathConsent, s.answer(s.postConsent))
	mux.HandleFunc("POST "+api.PathEvents, s.answer(s.postEvent))
	return mux
}

func (s *Service) postAct(r *http.Request) (any, error) {
	var sub api.Submission
	if err := body(r, maxSubmission, &sub); err != nil {
		return nil, err
	}
	index, err := s.Act(r.Context(), sub)
	return api.Accepted{Index: index}, err
}

func (s *Service) postConsent(r *http.Request) (any, error) {
	var q api.Question
	if err := body(r, maxQuestion, &q); err != nil {
		return nil, err
	}
	a, err := s.Consent(r.Context(), &governancev1.ConsentRequest{
		Operation: q.Operation, Subject: q.Subject, Contract: q.Contract, Room: q.Room, RoomKey: q.RoomKey, Nonce: q.Nonce,
	})
	granted := a.GetDecision() == governancev1.Decision_DECISION_GRANTED
	return api.Answer{Answer: a.GetAnswer(), Granted: granted, Reason: a.GetReason(), Signature: a.GetSignature()}, err
}

func (s *Service) postEvent(r *http.Request) (any, error) {
	var e api.Event
	if err := body(r, maxEvent, &e); err != nil {
		return nil, err
	}
	a, err := s.Record(r.Context(), &governancev1.RecordRequest{Event: e.Event, Signature: e.Signature, RoomKey: e.RoomKey})
	return api.Receipt{Receipt: a.GetReceipt(), Signature: a.GetSignature()}, err
}

func (s *Service) events(r *http.Request) (any, error) {
	var key []byte
	if q := r.URL.Query(); q.Has("key") {
		var err error
		if key, err = base64.RawURLEncoding.DecodeString(q.Get("key")); err != nil {
			return nil, fault.New(fault.Invalid, "governance.events", "key: is no base64url")
		}
	}
	return s.Events(r.PathValue("room"), key)
}

func (s *Service) document(w http.ResponseWriter, r *http.Request) {
	d, err := pathDigest(r, "document")
	var b []byte
	if err == nil {
		b, err = s.store.document(d)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	plain(w, b)
}

// logFile serves the log's public files, by the names of tlog-tiles.
func (s *Service) logFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	root, err := os.OpenRoot(filepath.Join(s.store.dir, logDir))
	if err != nil {
		s.refuse(w, fault.New(fault.Internal, "governance.log", "%w", err))
		return
	}
	defer root.Close()
	var b []byte
	if name == "checkpoint" || strings.HasPrefix(name, "tile/") && fs.ValidPath(name) {
		b, err = root.ReadFile(name)
	} else {
		err = fs.ErrNotExist
	}
	if err != nil {
		s.refuse(w, fault.New(fault.NotFound, "governance.log", "%.80q is not there", name))
		return
	}
	plain(w, b)
}

func plain(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b) // a reader that went away misses only its own answer
}

func (s *Service) answer(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			s.refuse(w, err)
			return
		}
		s.write(w, http.StatusOK, v)
	}
}

func (s *Service) refuse(w http.ResponseWriter, err error) {
	k := fault.KindOf(err)
	s.log.Warn("request is refused", "kind", k.String(), "error", err)
	s.write(w, api.Status(k), api.Error{Kind: k.String(), Message: err.Error()})
}

func (s *Service) write(w http.ResponseWriter, status int, v any) {
	b, err := canonical.Marshal(v)
	if err != nil {
		s.log.Error("answer cannot be encoded", "error", err)
		status, b = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // as above
}

// body reads canonical JSON of at most limit bytes.
func body(r *http.Request, limit int64, v any) error {
	const op = "governance.request"
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	if err != nil {
		return fault.New(fault.Invalid, op, "body: %w", err)
	}
	if err := canonical.Unmarshal(b, v); err != nil {
		return fault.New(fault.Invalid, op, "body: %w", err)
	}
	return nil
}

func pathDigest(r *http.Request, name string) (digest.SHA256, error) {
	d, err := digest.Parse(r.PathValue(name))
	if err != nil {
		return digest.SHA256{}, fault.New(fault.Invalid, "governance.request", "%s: %w", name, err)
	}
	return d, nil
}

// Serve serves s on l, by TLS if config is not nil, until ctx ends; then it finishes the
// requests under way and closes s.
func Serve(ctx context.Context, l net.Listener, s *Service, config *tls.Config) error {
	srv := &http.Server{
		Handler: s.Handler(), TLSConfig: config,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	done := make(chan error, 1)
	go func() {
		if config != nil {
			done <- srv.ServeTLS(l, "", "") // the certificate is in config
		} else {
			done <- srv.Serve(l)
		}
	}()
	var err error
	select {
	case err = <-done:
		err = fault.New(fault.Unavailable, "governance.serve", "%w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if e := srv.Shutdown(last); e != nil {
		srv.Close()
	}
	if e := s.Close(last); err == nil {
		err = e
	}
	return err
}
