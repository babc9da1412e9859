// Package wire starts a plugin's process and speaks go-plugin's protocol with it, and
// serves that protocol inside a plugin. It is the only importer of hashicorp/go-plugin: what
// that library leaves open (which bytes run, as whom, with which descriptors, what they
// inherit, when they die) is settled here. It knows no kind of plugin and retries nothing.
package wire

import (
	"io"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// MaxMessage is the largest control message accepted in either direction, in bytes. Bulk
// bytes travel over the data socket.
const MaxMessage = 4 << 20

// set is the one entry of go-plugin's plugin map.
const set = "cleanroom"

// handshake keeps a plugin that somebody starts by hand from waiting for a host for ever.
// It is no credential: AutoMTLS is what keeps others away.
var handshake = goplugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   Cookie,
	MagicCookieValue: "7f0b6c54a1d94f6f9c1c5c7b9b0a4a12",
}

// Cookie is the environment variable that a host sets for a plugin, and that says to a
// binary that can be both which of the two it is now.
const Cookie = "CLEANROOM_PLUGIN"

// Broker connects further gRPC services between host and plugin.
type Broker interface {
	NextId() uint32
	AcceptAndServe(id uint32, newServer func([]grpc.ServerOption) *grpc.Server)
	Dial(id uint32) (*grpc.ClientConn, error)
}

// Serve serves in a plugin what register puts on the server, until the host ends it.
// Lines for the host's log go to logs as hclog JSON.
func Serve(logs io.Writer, options []grpc.ServerOption, register func(*grpc.Server, Broker) error) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         goplugin.PluginSet{set: &adapter{register: register}},
		TLSProvider:     pluginTLS,
		GRPCServer: func(given []grpc.ServerOption) *grpc.Server {
			given = append(given, grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage))
			return grpc.NewServer(append(given, options...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: logs, JSONFormat: true}),
	})
}
