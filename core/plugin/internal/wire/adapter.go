package wire

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// adapter puts one plugin's services behind go-plugin's interface, on either side.
type adapter struct {
	goplugin.NetRPCUnsupportedPlugin
	register func(*grpc.Server, Broker) error // in the plugin
}

// connected is what go-plugin gives the host.
type connected struct {
	conn   *grpc.ClientConn
	broker Broker
}

func (a *adapter) GRPCServer(b *goplugin.GRPCBroker, s *grpc.Server) error {
	return a.register(s, b)
}

func (*adapter) GRPCClient(_ context.Context, b *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return connected{conn, b}, nil
}
