package plugin

import (
	"context"
	"encoding/json"
	"path/filepath"

	"google.golang.org/grpc"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
	controlv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/control/v1"
	hostv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/host/v1"
)

// setUp compares what the plugin says with plugin.json, and configures it.
func (p *Process) setUp(ctx context.Context) error {
	control := controlv1.NewControlClient(p.conn)
	said, err := control.Describe(ctx, &controlv1.DescribeRequest{})
	if err != nil {
		return p.fromStatus(ctx, "describe", err)
	}
	if got := manifest.FromProto(said); !got.Equal(p.about) {
		return fault.New(fault.Tampered, "describe", "is not what plugin.json says: %.400q, want %.400q", got, p.about)
	}
	config := []byte("{}")
	if p.options.Config != nil {
		if config, err = json.Marshal(p.options.Config); err != nil {
			return fault.New(fault.Invalid, "configure", "%w", err)
		}
	}
	req := &controlv1.ConfigureRequest{Instance: p.options.Instance, ConfigJson: config, Simulated: p.options.Simulated}
	if p.kind == "source" || p.kind == "sink" {
		req.DataSocket = filepath.Join(p.conn.Dir, "data")
	}
	if len(p.about.HostServices) > 0 {
		req.HostServices = p.conn.Broker.NextId()
		go p.conn.Broker.AcceptAndServe(req.HostServices, p.hostServices)
	}
	if _, err := control.Configure(ctx, req); err != nil {
		return p.fromStatus(ctx, "configure", err)
	}
	if req.DataSocket != "" {
		p.data = data.NewClient(req.DataSocket, p.options.UID)
	}
	return nil
}

// Validate asks the plugin what is wrong with a configuration, without using it. It returns
// nil or Invalid with every field path.
func (p *Process) Validate(ctx context.Context, config []byte) error {
	ctx, cancel := limit(ctx, callLimit)
	defer cancel()
	resp, err := controlv1.NewControlClient(p.conn).Validate(ctx, &controlv1.ValidateRequest{ConfigJson: config})
	if err != nil {
		return p.fromStatus(ctx, "validate", err)
	}
	var vs wire.Violations
	for _, v := range resp.Violations {
		vs = append(vs, wire.Violation{Field: wire.Clip(v.GetField()), Description: wire.Clip(v.GetDescription())})
	}
	if len(vs) > 0 {
		return fault.New(fault.Invalid, "plugin "+p.name+": validate", "%w", vs)
	}
	return nil
}

// hostServices is the server that the plugin alone can reach: its connection is under the
// certificates of this process's AutoMTLS.
func (p *Process) hostServices(options []grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(64<<10), grpc.MaxConcurrentStreams(16))...)
	hostv1.RegisterHostServer(s, &host{audiences: p.about.TokenAudiences, tokens: p.options.Tokens})
	return s
}
