package proxy

import (
	"time"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// routeMetadata tells the filter which route's configuration a stream belongs to.
// It is Envoy's static configuration: nothing the application sends can set it.
const routeMetadata = "cleanroom-route"

// codeDetails is how Envoy says whether an answer came from the upstream.
const codeDetails = "response.code_details"

// refusedHeader names the rule by which the clean room answered instead of the upstream.
const refusedHeader = "x-cleanroom-refused"

const (
	maxStreams    = 32 // of one HTTP/2 connection
	maxHeadersKiB = 32
)

// chain serves one route: its address and port, and for TLS its name as well.
func (c envoyConfig) chain(r *plannedRoute) *listenerv3.FilterChain {
	match := &listenerv3.FilterChainMatch{
		DestinationPort: wrapperspb.UInt32(uint32(r.Port)),
		PrefixRanges:    []*corev3.CidrRange{{AddressPrefix: r.address.String(), PrefixLen: wrapperspb.UInt32(uint32(r.address.BitLen()))}},
	}
	chain := &listenerv3.FilterChain{
		Name:             "route-" + r.Name,
		FilterChainMatch: match,
		Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(c.manager(r))},
		}},
		TransportSocketConnectTimeout: durationpb.New(headerTime),
	}
	if r.TLS != nil {
		match.TransportProtocol, match.ServerNames = "tls", []string{r.Host}
		chain.TransportSocket = downstreamTLS(c.certs[r.Host])
	}
	return chain
}

func (c envoyConfig) manager(r *plannedRoute) *hcmv3.HttpConnectionManager {
	filters := []*hcmv3.HttpFilter{{
		Name:       "envoy.filters.http.ext_proc",
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(filterOf(r))},
	}, {
		Name:       "envoy.filters.http.router",
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(&routerv3.Router{SuppressEnvoyHeaders: true})},
	}}
	if c.plain {
		filters = filters[1:]
	}
	return &hcmv3.HttpConnectionManager{
		CodecType:  hcmv3.HttpConnectionManager_AUTO,
		StatPrefix: "route",
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			Name: r.Name, VirtualHosts: virtualHosts(r), ValidateClusters: wrapperspb.Bool(true),
		}},
		HttpFilters: filters,
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{
			IdleTimeout:                  durationpb.New(requestTime),
			MaxHeadersCount:              wrapperspb.UInt32(maxHeaders),
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
		},
		HttpProtocolOptions:          &corev3.Http1ProtocolOptions{},
		Http2ProtocolOptions:         &corev3.Http2ProtocolOptions{MaxConcurrentStreams: wrapperspb.UInt32(maxStreams)},
		ServerHeaderTransformation:   hcmv3.HttpConnectionManager_PASS_THROUGH,
		MaxRequestHeadersKb:          wrapperspb.UInt32(maxHeadersKiB),
		StreamIdleTimeout:            durationpb.New(requestTime),
		RequestTimeout:               durationpb.New(requestTime),
		RequestHeadersTimeout:        durationpb.New(headerTime),
		GenerateRequestId:            wrapperspb.Bool(false),
		NormalizePath:                wrapperspb.Bool(true),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_REJECT_REQUEST,
		SkipXffAppend:                true,
		UseRemoteAddress:             wrapperspb.Bool(false),
		DelayedCloseTimeout:          durationpb.New(time.Second),
	}
}

// virtualHosts serve the route's own name; every other one gets 403, should the
// filter ever let it by.
func virtualHosts(r *plannedRoute) []*routev3.VirtualHost {
	all := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	host := r.authorities()[0]
	return []*routev3.VirtualHost{{
		Name:    "route",
		Domains: r.authorities(),
		Routes: []*routev3.Route{{Match: all, Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier:     &routev3.RouteAction_Cluster{Cluster: "route-" + r.Name},
			HostRewriteSpecifier: &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: host},
			Timeout:              durationpb.New(requestTime),
		}}}},
		// A compressed answer cannot be judged, so none is asked for.
		RequestHeadersToRemove: []string{"accept-encoding"},
	}, {
		Name:    "others",
		Domains: []string{"*"},
		Routes:  []*routev3.Route{{Match: all, Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 403}}}},
	}}
}

// filterOf asks our server of every message, whole, and passes nothing without its answer.
func filterOf(r *plannedRoute) *extprocv3.ExternalProcessor {
	return &extprocv3.ExternalProcessor{
		GrpcService: &corev3.GrpcService{
			TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "filter"}},
			InitialMetadata: []*corev3.HeaderValue{{Key: routeMetadata, Value: r.Name}},
		},
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:   extprocv3.ProcessingMode_SEND,
			RequestBodyMode:     extprocv3.ProcessingMode_BUFFERED,
			RequestTrailerMode:  extprocv3.ProcessingMode_SEND,
			ResponseHeaderMode:  extprocv3.ProcessingMode_SEND,
			ResponseBodyMode:    extprocv3.ProcessingMode_BUFFERED,
			ResponseTrailerMode: extprocv3.ProcessingMode_SEND,
		},
		ResponseAttributes: []string{codeDetails},
		MessageTimeout:     durationpb.New(filterTime),
		StatPrefix:         "filter",
		// Messages pass unchanged; only our own refusals carry these two.
		MutationRules: &mutationv3.HeaderMutationRules{
			DisallowAll:     wrapperspb.Bool(true),
			AllowExpression: &matcherv3.RegexMatcher{Regex: "^(content-type|" + refusedHeader + ")$"},
		},
	}
}
