package sdk

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
	controlv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/control/v1"
	hostv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/host/v1"
)

// control is the service that every plugin has.
type control struct {
	controlv1.UnimplementedControlServer
	plugin      Plugin
	description manifest.Description
	broker      wire.Broker
	log         *slog.Logger
	configured  atomic.Bool
}

func (c *control) Describe(context.Context, *controlv1.DescribeRequest) (*controlv1.DescribeResponse, error) {
	return c.description.Proto(), nil
}

func (c *control) Validate(_ context.Context, r *controlv1.ValidateRequest) (*controlv1.ValidateResponse, error) {
	resp := &controlv1.ValidateResponse{}
	for _, v := range c.plugin.Validate(r.ConfigJson) {
		resp.Violations = append(resp.Violations, &controlv1.FieldViolation{Field: v.Field, Description: v.Description})
	}
	return resp, nil
}

func (c *control) Configure(ctx context.Context, r *controlv1.ConfigureRequest) (*controlv1.ConfigureResponse, error) {
	if c.configured.Swap(true) {
		return nil, Errorf(Invalid, "plugin.configure", "%s: is configured already", r.Instance)
	}
	if vs := c.plugin.Validate(r.ConfigJson); len(vs) > 0 {
		return nil, Reject(vs...)
	}
	tokens, err := c.tokens(r.HostServices)
	if err != nil {
		return nil, err
	}
	err = c.plugin.Configure(ctx, Setup{Instance: r.Instance, Config: r.ConfigJson, Simulated: r.Simulated,
		Tokens: tokens, Log: c.log})
	if err != nil {
		return nil, err
	}
	if r.DataSocket != "" {
		if err := serveData(c.plugin, r.DataSocket); err != nil {
			return nil, Errorf(Internal, "plugin.configure", "data socket: %w", err)
		}
	}
	return &controlv1.ConfigureResponse{}, nil
}

// tokens connects to the host's services, which must happen now: the broker forgets an
// offer after five seconds.
func (c *control) tokens(id uint32) (Tokens, error) {
	const op = "plugin.token"
	if id == 0 || !slices.Contains(c.description.HostServices, hostv1.Host_ServiceDesc.ServiceName) {
		return func(_ context.Context, audience string) (string, time.Time, error) {
			return "", time.Time{}, Errorf(Denied, op, "%s: plugin.json does not list host service %s", audience, hostv1.Host_ServiceDesc.ServiceName)
		}, nil
	}
	conn, err := c.broker.Dial(id)
	if err != nil {
		return nil, Errorf(Unavailable, op, "connect to the host's services: %w", err)
	}
	host := hostv1.NewHostClient(conn)
	return func(ctx context.Context, audience string) (string, time.Time, error) {
		resp, err := host.Token(ctx, &hostv1.TokenRequest{Audience: audience})
		if err != nil {
			return "", time.Time{}, wire.FromStatus(ctx, op, err)
		}
		var expires time.Time
		if resp.ExpiresUnix != 0 {
			expires = time.Unix(resp.ExpiresUnix, 0)
		}
		return resp.Token, expires, nil
	}, nil
}
