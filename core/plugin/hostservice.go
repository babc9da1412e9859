package plugin

import (
	"context"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
	hostv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/host/v1"
)

// host is what a plugin can ask of its host.
type host struct {
	hostv1.UnimplementedHostServer
	audiences []string // that plugin.json declares
	tokens    Tokens
}

func (h *host) Token(ctx context.Context, r *hostv1.TokenRequest) (*hostv1.TokenResponse, error) {
	const op = "plugin.token"
	if !slices.Contains(h.audiences, r.Audience) {
		return nil, wire.ToStatus(fault.New(fault.Denied, op, "audience %.80q is not declared in plugin.json", r.Audience))
	}
	if h.tokens == nil {
		return nil, wire.ToStatus(fault.New(fault.Denied, op, "this room has no tokens for %.80q", r.Audience))
	}
	token, expires, err := h.tokens(ctx, r.Audience)
	if err != nil {
		return nil, wire.ToStatus(fault.Wrap(op, err))
	}
	resp := &hostv1.TokenResponse{Token: token}
	if !expires.IsZero() {
		resp.ExpiresUnix = expires.Unix()
	}
	return resp, nil
}
