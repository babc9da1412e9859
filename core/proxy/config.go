package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	origdstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	connsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	proxyprotov3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	rawv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	filterSocket = "filter.sock" // ext_proc
	lostSocket   = "lost.sock"   // connections without a route

	maxDownstream = 256              // connections of the application
	bufferSlack   = 16 << 10         // so that the filter, not Envoy, decides on a body's exact size
	requestTime   = 60 * time.Second // for one exchange; the room's wall time ends all of them
	filterTime    = 10 * time.Second // above policyTime, so that our own answer comes first
	headerTime    = 10 * time.Second
)

// envoyConfig is all that decides Envoy's configuration. It is pure: bootstrap
// makes a value, write turns it into the file's bytes.
type envoyConfig struct {
	listen netip.AddrPort
	dir    string
	routes []*plannedRoute
	certs  map[string]keyPair // by host, of TLS routes
	plain  bool               // measure only: without the filter
}

// bootstrap returns Envoy's whole configuration: one listener, no admin interface,
// no discovery, and clusters that are Unix sockets of ours alone.
func (c envoyConfig) bootstrap() *bootstrapv3.Bootstrap {
	buffer := int64(0)
	clusters := []*clusterv3.Cluster{c.filterCluster(), c.lostCluster()}
	var chains []*listenerv3.FilterChain
	inspect := false
	for _, r := range c.routes {
		buffer = max(buffer, int64(r.MaxBody))
		inspect = inspect || r.TLS != nil
		clusters = append(clusters, c.routeCluster(r))
		chains = append(chains, c.chain(r))
	}
	filters := []*listenerv3.ListenerFilter{{
		Name:       "envoy.filters.listener.original_dst",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: pack(&origdstv3.OriginalDst{})},
	}}
	if inspect {
		filters = append(filters, &listenerv3.ListenerFilter{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: pack(&inspectorv3.TlsInspector{})},
		})
	}
	return &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: "room", Cluster: "room"},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Listeners: []*listenerv3.Listener{{
				Name:                          "application",
				Address:                       address(c.listen),
				FilterChains:                  chains,
				DefaultFilterChain:            lostChain(),
				ListenerFilters:               filters,
				ListenerFiltersTimeout:        durationpb.New(headerTime),
				PerConnectionBufferLimitBytes: wrapperspb.UInt32(uint32(buffer + bufferSlack)),
				EnableReusePort:               wrapperspb.Bool(false),
			}},
			Clusters: clusters,
		},
		OverloadManager: &overloadv3.OverloadManager{ResourceMonitors: []*overloadv3.ResourceMonitor{{
			Name:       "envoy.resource_monitors.global_downstream_max_connections",
			ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: pack(&connsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: maxDownstream})},
		}}},
	}
}

// write returns the file's bytes, the same for the same configuration.
func (c envoyConfig) write() ([]byte, error) {
	b, err := protojson.Marshal(c.bootstrap())
	if err != nil {
		return nil, err
	}
	// protojson varies its white space on purpose.
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// routeCluster leads to the route's dialer. HTTP/1.1 alone, so that no trailer
// passes in either direction.
func (c envoyConfig) routeCluster(r *plannedRoute) *clusterv3.Cluster {
	cl := c.cluster("route-"+r.Name, r.socket, int64(r.MaxBody)+bufferSlack, &httpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(requestTime)},
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{HttpProtocolOptions: &corev3.Http1ProtocolOptions{}},
		}},
	})
	cl.CircuitBreakers = &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(maxConnections),
		MaxPendingRequests: wrapperspb.UInt32(maxDownstream),
		MaxRequests:        wrapperspb.UInt32(maxDownstream),
		MaxRetries:         wrapperspb.UInt32(0),
	}}}
	if r.TLS != nil {
		cl.TransportSocket = upstreamTLS(r)
	}
	return cl
}

func (c envoyConfig) filterCluster() *clusterv3.Cluster {
	return c.cluster("filter", filterSocket, maxMaxBody+bufferSlack, &httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
		}},
	})
}

func (c envoyConfig) lostCluster() *clusterv3.Cluster {
	cl := c.cluster("lost", lostSocket, bufferSlack, nil)
	cl.TransportSocket = &corev3.TransportSocket{
		Name: "envoy.transport_sockets.upstream_proxy_protocol",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(&proxyprotov3.ProxyProtocolUpstreamTransport{
			Config: &corev3.ProxyProtocolConfig{Version: corev3.ProxyProtocolConfig_V1},
			TransportSocket: &corev3.TransportSocket{
				Name:       "envoy.transport_sockets.raw_buffer",
				ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(&rawv3.RawBuffer{})},
			},
		})},
	}
	return cl
}

func (c envoyConfig) cluster(name, socket string, buffer int64, options *httpv3.HttpProtocolOptions) *clusterv3.Cluster {
	cl := &clusterv3.Cluster{
		Name:                          name,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:                durationpb.New(dialTime),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(uint32(buffer)),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
				Address: &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: filepath.Join(c.dir, socket)}}},
			}}}},
		}}},
	}
	if options != nil {
		cl.TypedExtensionProtocolOptions = map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": pack(options)}
	}
	return cl
}

// lostChain hands what no route matches to the socket that records and refuses it.
func lostChain() *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: "lost", Filters: []*listenerv3.Filter{{
		Name: "envoy.filters.network.tcp_proxy",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(&tcpproxyv3.TcpProxy{
			StatPrefix:       "lost",
			ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: "lost"},
			IdleTimeout:      durationpb.New(headerTime),
		})},
	}}}
}

func address(a netip.AddrPort) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: a.Addr().String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(a.Port())},
	}}}
}

// pack wraps a message of the generated types, which always can be marshalled: its
// strings were checked as host names and PEM before.
func pack(m proto.Message) *anypb.Any {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return &anypb.Any{TypeUrl: fmt.Sprintf("invalid/%T", m)} // Envoy refuses to start with it
	}
	return &anypb.Any{TypeUrl: "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName()), Value: b}
}
