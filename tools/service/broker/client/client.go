// Package client is the key owner's side of a broker's admin socket. It never
// writes a key anywhere but into that socket.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
)

// Admin talks to one broker. Its methods may be called concurrently.
type Admin struct{ http *http.Client }

// New returns a client of the admin socket that the broker names, unix:PATH.
func New(admin string) (*Admin, error) {
	path, ok := strings.CutPrefix(admin, "unix:")
	if !ok || path == "" {
		return nil, fault.New(fault.Invalid, "broker.client", "admin socket must be unix:PATH (got %.80q)", admin)
	}
	return &Admin{&http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}, nil
}

// Import hands a KEK with its release policy to the broker. The caller keeps kek.
func (a *Admin) Import(ctx context.Context, id string, kek *secret.Bytes, p broker.Policy) error {
	policy, err := canonical.Marshal(p)
	if err != nil {
		return fault.New(fault.Invalid, op, "key %s: policy: %w", id, err)
	}
	return kek.Use(func(k []byte) error {
		return a.call(ctx, http.MethodPut, keyPath(id), string(policy), k, http.StatusCreated, nil)
	})
}

// List returns the keys that the broker holds, without the keys.
func (a *Admin) List(ctx context.Context) ([]broker.Listed, error) {
	var all []broker.Listed
	return all, a.call(ctx, http.MethodGet, "/v1/keys", "", nil, http.StatusOK, &all)
}

// Remove has the broker destroy a key.
func (a *Admin) Remove(ctx context.Context, id string) error {
	return a.call(ctx, http.MethodDelete, keyPath(id), "", nil, http.StatusNoContent, nil)
}

func keyPath(id string) string { return "/v1/keys/" + url.PathEscape(id) }

const (
	op        = "broker.client"
	maxAnswer = 1 << 20
)

func (a *Admin) call(ctx context.Context, method, path, policy string, body []byte, want int, v any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://broker"+path, bytes.NewReader(body))
	if err != nil {
		return fault.New(fault.Invalid, op, "%w", err)
	}
	if policy != "" {
		r.Header.Set(broker.PolicyHeader, policy)
	}
	resp, err := a.http.Do(r)
	if err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fault.New(fault.Unavailable, op, "%w", err)
	}
	if resp.StatusCode != want {
		var e broker.ErrorResponse
		if err := canonical.Unmarshal(b, &e); err != nil {
			return fault.New(fault.Unavailable, op, "%s %s: %s", method, path, resp.Status)
		}
		return fault.New(kindOf(e.Kind), op, "%s", e.Error)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fault.New(fault.Internal, op, "answer: %w", err)
	}
	return nil
}

// kindOf reads a kind's name; one that is unknown is Internal.
func kindOf(name string) fault.Kind {
	for k := fault.Internal; k <= fault.Usage; k++ {
		if k.String() == name {
			return k
		}
	}
	return fault.Internal
}
