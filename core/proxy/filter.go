package proxy

import (
	"errors"
	"io"
	"net"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// filter is the ext_proc server: one stream for every exchange. Its answers name
// what they answer; without one, Envoy passes nothing.
type filter struct {
	extprocv3.UnimplementedExternalProcessorServer
	routes  map[string]*plannedRoute
	open    func(route string) bool
	journal *journal
}

// Process serves one exchange.
func (f *filter) Process(stream grpc.BidiStreamingServer[extprocv3.ProcessingRequest, extprocv3.ProcessingResponse]) error {
	md, _ := metadata.FromIncomingContext(stream.Context())
	names := md.Get(routeMetadata)
	if len(names) != 1 || f.routes[names[0]] == nil {
		return status.Error(codes.PermissionDenied, "the stream belongs to no route")
	}
	route := f.routes[names[0]]
	x := &exchange{route: route, open: func() bool { return f.open(route.Name) }, journal: f.journal}
	for {
		q, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := x.handle(stream.Context(), q)
		if err != nil {
			return status.Error(codes.FailedPrecondition, err.Error())
		}
		if err := stream.Send(a); err != nil {
			return err
		}
	}
}

// serve answers on l until stop.
func (f *filter) serve(l net.Listener) (stop func()) {
	largest := int64(0)
	for _, r := range f.routes {
		largest = max(largest, int64(r.MaxBody))
	}
	// Envoy's own buffer, then room for headers and framing. Above it the stream fails, so nothing passes.
	server := grpc.NewServer(grpc.MaxRecvMsgSize(int(largest) + bufferSlack + 4*maxHeadersKiB<<10))
	extprocv3.RegisterExternalProcessorServer(server, f)
	go func() { _ = server.Serve(l) }() // ends with the listener
	return server.Stop
}

// peers accepts only connections of one uid.
type peers struct {
	net.Listener
	uid uint32
}

// Accept returns the next connection from uid and closes all others.
func (p peers) Accept() (net.Conn, error) {
	for {
		c, err := p.Listener.Accept()
		if err != nil || from(c, p.uid) {
			return c, err
		}
		c.Close()
	}
}
