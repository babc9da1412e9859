package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"google.golang.org/grpc"

	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
	controlv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/control/v1"
	sinkv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasink/v1"
	sourcev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasource/v1"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	keyservicev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/keyservice/v1"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
)

// Cookie is the environment variable that is set in a process that a host started as a
// plugin. Only a binary that is also something else, such as a test, needs to look at it.
const Cookie = wire.Cookie

// ParseManifest reads a plugin.json, strictly.
func ParseManifest(b []byte) (Description, error) { return manifest.Parse(b) }

// Serve is a plugin's main: it serves p to the host that started this process and returns
// when the host ends it. manifest is the plugin.json that the binary embeds. A plugin
// started by hand, or that is not what its manifest says, says so and exits with 1.
func Serve(p Plugin, manifest []byte) {
	if err := serve(p, manifest); err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
}

func serve(p Plugin, pluginJSON []byte) error {
	want, err := manifest.Parse(pluginJSON)
	if err != nil {
		return err
	}
	if !want.Equal(p.Describe()) {
		return fmt.Errorf("Describe and plugin.json differ")
	}
	services := services(p)
	if got := append(slices.Sorted(slices.Values(services)), controlv1.Control_ServiceDesc.ServiceName); !slices.Equal(slices.Sorted(slices.Values(got)), want.Services) {
		return fmt.Errorf("plugin.json: services: must be %q, which is what it serves", slices.Sorted(slices.Values(got)))
	}
	stderr := os.Stderr // go-plugin puts another in its place
	log := slog.New(newHandler(stderr))
	wire.Serve(stderr, []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream)},
		func(s *grpc.Server, b wire.Broker) error {
			register(s, p)
			controlv1.RegisterControlServer(s, &control{plugin: p, description: want, broker: b, log: log})
			return nil
		})
	return nil
}

// services lists the kinds that p implements; a plugin is meant to have one.
func services(p Plugin) []string {
	var out []string
	if _, ok := p.(Source); ok {
		out = append(out, sourcev1.DataSource_ServiceDesc.ServiceName)
	}
	if _, ok := p.(Sink); ok {
		out = append(out, sinkv1.DataSink_ServiceDesc.ServiceName)
	}
	if _, ok := p.(Governance); ok {
		out = append(out, governancev1.Governance_ServiceDesc.ServiceName)
	}
	if _, ok := p.(KeyService); ok {
		out = append(out, keyservicev1.KeyService_ServiceDesc.ServiceName)
	}
	if _, ok := p.(Runtime); ok {
		out = append(out, runtimev1.Runtime_ServiceDesc.ServiceName)
	}
	return out
}

func register(s *grpc.Server, p Plugin) {
	if k, ok := p.(Source); ok {
		sourcev1.RegisterDataSourceServer(s, source{Source: k})
	}
	if k, ok := p.(Sink); ok {
		sinkv1.RegisterDataSinkServer(s, sink{Sink: k})
	}
	if k, ok := p.(Governance); ok {
		governancev1.RegisterGovernanceServer(s, governance{Governance: k})
	}
	if k, ok := p.(KeyService); ok {
		keyservicev1.RegisterKeyServiceServer(s, keyService{KeyService: k})
	}
	if k, ok := p.(Runtime); ok {
		runtimev1.RegisterRuntimeServer(s, runtime{Runtime: k})
	}
}

// serveData serves the data socket of the kinds that have one.
func serveData(p Plugin, path string) error {
	switch k := p.(type) {
	case Source:
		return data.Listen(path, data.GetHandler(k))
	case Sink:
		return data.Listen(path, data.PutHandler(k))
	}
	return nil
}

// unary and stream give every error its kind on the wire.
func unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	resp, err := next(ctx, req)
	return resp, wire.ToStatus(err)
}

func stream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return wire.ToStatus(next(srv, ss))
}
