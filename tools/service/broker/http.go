package broker

import (
	"errors"
	"io"
	"net/http"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Requests and responses are canonical JSON. Byte fields are base64.

// ReleaseRequest is the body of POST /v1/release.
type ReleaseRequest struct {
	Key         string `json:"key"`
	Evidence    []byte `json:"evidence"`
	RuntimeData []byte `json:"runtimeData"`
	Nonce       []byte `json:"nonce"`
}

// ReleaseResponse is its answer with status 200.
type ReleaseResponse struct {
	Answer    []byte `json:"answer"`
	Signature []byte `json:"signature"`
}

// PolicyHeader carries, on the admin socket, a key's policy as canonical JSON. The
// key itself is the body, alone, so that no decoder leaves copies of it behind.
const PolicyHeader = "Release-Policy"

// ErrorResponse is every other answer.
type ErrorResponse struct {
	Kind  string `json:"kind"` // of package fault
	Error string `json:"error"`
}

// maxBody bounds a request; evidence and runtime data stay below 80 KiB, a third more in base64.
const maxBody = 128 << 10

// Handler serves rooms: POST /v1/release and nothing else.
func (b *Broker) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /v1/release", func(w http.ResponseWriter, r *http.Request) {
		var q ReleaseRequest
		if err := read(w, r, &q); err != nil {
			fail(w, err)
			return
		}
		answer, signature, err := b.Release(r.Context(), q.Key, q.Evidence, q.RuntimeData, q.Nonce)
		if err != nil {
			fail(w, err)
			return
		}
		reply(w, http.StatusOK, ReleaseResponse{answer, signature})
	})
	return m
}

// Admin serves the key's owner: PUT and DELETE /v1/keys/{id}, GET /v1/keys. Who
// may connect is decided where it listens.
func (b *Broker) Admin() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("PUT /v1/keys/{id}", func(w http.ResponseWriter, r *http.Request) {
		var p Policy
		if err := canonical.Unmarshal([]byte(r.Header.Get(PolicyHeader)), &p); err != nil {
			fail(w, fault.New(fault.Invalid, "broker.import", "%s: %w", PolicyHeader, err))
			return
		}
		if r.ContentLength != keyrelease.KeySize {
			fail(w, fault.New(fault.Invalid, "broker.import", "kek: body of %d bytes, want %d", r.ContentLength, keyrelease.KeySize))
			return
		}
		kek, err := secret.Read(r.Body, keyrelease.KeySize)
		if err == nil {
			err = b.Import(r.PathValue("id"), kek, p)
		}
		if err != nil {
			fail(w, err)
			return
		}
		reply(w, http.StatusCreated, Listed{r.PathValue("id"), p})
	})
	m.HandleFunc("GET /v1/keys", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, b.List()) })
	m.HandleFunc("DELETE /v1/keys/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := b.Remove(r.PathValue("id")); err != nil {
			fail(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return m
}

func read(w http.ResponseWriter, r *http.Request, v any) error {
	const op = "broker.request"
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		return fault.New(fault.Invalid, op, "body: more than %d bytes", maxBody)
	}
	if err != nil {
		return fault.New(fault.Unavailable, op, "body: %w", err)
	}
	if err := canonical.Unmarshal(b, v); err != nil {
		return fault.New(fault.Invalid, op, "body: %w", err)
	}
	return nil
}

func fail(w http.ResponseWriter, err error) {
	kind := fault.KindOf(err)
	status := http.StatusInternalServerError
	switch kind {
	case fault.Invalid:
		status = http.StatusBadRequest
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Denied, fault.Unattested:
		status = http.StatusForbidden
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
	}
	reply(w, status, ErrorResponse{kind.String(), err.Error()})
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := canonical.Marshal(v)
	if err != nil {
		http.Error(w, "answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that left gets nothing, which is all it can get
}
