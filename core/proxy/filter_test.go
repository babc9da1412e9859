package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

type envoySays = extprocv3.ProcessingRequest

func requestHeaders(path string, end bool, more ...string) *envoySays {
	h := &extprocv3.HttpHeaders{Headers: get(path, more...), EndOfStream: end}
	return &envoySays{Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: h}}
}

func requestBody(body string, end bool) *envoySays {
	return &envoySays{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte(body), EndOfStream: end}}}
}

func responseHeaders(details, status string, more ...string) *envoySays {
	q := &envoySays{Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extprocv3.HttpHeaders{Headers: headerMap(append([]string{":status", status}, more...)...)}}}
	if details != "" {
		q.Attributes = map[string]*structpb.Struct{"envoy.filters.http.ext_proc": {Fields: map[string]*structpb.Value{codeDetails: structpb.NewStringValue(details)}}}
	}
	return q
}

func responseBody(body string, end bool) *envoySays {
	return &envoySays{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte(body), EndOfStream: end}}}
}

func planned(t testing.TB, rego string) *plannedRoute {
	t.Helper()
	r, err := plan([]Route{routeOf(t, outbound("x.example:1"), rego)}, netip.MustParseAddr("198.18.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	return r[0]
}

// serveFilter returns a client of the filter and what its journal holds.
func serveFilter(t testing.TB, r *plannedRoute, open bool) (extprocv3.ExternalProcessorClient, *journal) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal(nil)
	f := &filter{routes: map[string]*plannedRoute{r.Name: r}, open: func(string) bool { return open }, journal: j}
	t.Cleanup(f.serve(l))
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return extprocv3.NewExternalProcessorClient(c), j
}

// told sends messages as Envoy would and says what came back for each.
func told(t testing.TB, c extprocv3.ExternalProcessorClient, messages ...*envoySays) []string {
	t.Helper()
	stream, err := c.Process(metadata.AppendToOutgoingContext(t.Context(), routeMetadata, "api"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.CloseSend()
	var out []string
	for _, m := range messages {
		if err := stream.Send(m); err != nil {
			return append(out, "error")
		}
		a, err := stream.Recv()
		switch r := a.GetResponse().(type) {
		case nil:
			return append(out, "error")
		case *extprocv3.ProcessingResponse_ImmediateResponse:
			rule := ""
			for _, h := range r.ImmediateResponse.GetHeaders().GetSetHeaders() {
				if h.GetHeader().GetKey() == refusedHeader {
					rule = string(h.GetHeader().GetRawValue())
				}
			}
			out = append(out, fmt.Sprintf("%d %s", r.ImmediateResponse.GetStatus().GetCode(), rule))
		default:
			out = append(out, "on")
		}
		if err != nil {
			return append(out, "error")
		}
	}
	return out
}

func TestConversations(t *testing.T) {
	type say = []*envoySays
	ok := requestHeaders("/", true)
	for name, tc := range map[string]struct {
		say  say
		want string
	}{
		"a whole exchange passes":                          {say{requestHeaders("/", false), requestBody("x", true), responseHeaders(viaUpstream, "200"), responseBody("y", true)}, "[on on on on]"},
		"one without bodies passes":                        {say{ok, responseHeaders(viaUpstream, "204")}, "[on on]"},
		"an answer of Envoy's own passes":                  {say{ok, responseHeaders("upstream_reset", "503"), responseBody("reset", true)}, "[on on on]"},
		"an early answer of Envoy's own passes":            {say{responseHeaders("direct_response", "403")}, "[on]"},
		"an answer before its request is refused":          {say{responseHeaders(viaUpstream, "200")}, "[error]"},
		"an answer before its request's body is refused":   {say{requestHeaders("/", false), responseHeaders(viaUpstream, "200")}, "[on error]"},
		"an answer of nobody's is taken for an upstream's": {say{responseHeaders("", "200")}, "[error]"},
		"a body first is refused":                          {say{requestBody("x", true)}, "[error]"},
		"a body of a request without one is refused":       {say{ok, requestBody("x", true)}, "[on error]"},
		"two bodies are refused":                           {say{requestHeaders("/", false), requestBody("x", true), requestBody("x", true)}, "[on on error]"},
		"half a body is refused":                           {say{requestHeaders("/", false), requestBody("x", false)}, "[on 400 trailers]"},
		"two requests are refused":                         {say{ok, ok}, "[on error]"},
		"two answers are refused":                          {say{ok, responseHeaders(viaUpstream, "200"), responseHeaders(viaUpstream, "200")}, "[on on error]"},
		"two bodies of an answer are refused":              {say{ok, responseHeaders(viaUpstream, "200"), responseBody("", true), responseBody("", true)}, "[on on on error]"},
		"a body after a refusal is refused":                {say{requestHeaders("/../", false), requestBody("x", true)}, "[400 input error]"},
		"trailers are refused":                             {say{ok, {Request: &extprocv3.ProcessingRequest_RequestTrailers{}}}, "[on 400 trailers]"},
		"trailers of an answer are refused":                {say{ok, {Request: &extprocv3.ProcessingRequest_ResponseTrailers{}}}, "[on 502 trailers]"},
		"an interim answer is refused":                     {say{ok, responseHeaders(viaUpstream, "103")}, "[on 502 input]"},
		"watching without a say is refused":                {say{{ObservabilityMode: true, Request: ok.Request}}, "[error]"},
		"nothing is refused":                               {say{{}}, "[error]"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := serveFilter(t, planned(t, everything), true)
			if got := fmt.Sprint(told(t, c, tc.say...)); got != tc.want {
				t.Errorf("answers %s, want %s", got, tc.want)
			}
		})
	}
}

func TestStreamsBelongToARoute(t *testing.T) {
	c, _ := serveFilter(t, planned(t, everything), true)
	for name, pairs := range map[string][]string{"none": nil, "an unknown one": {routeMetadata, "other"}, "two": {routeMetadata, "api", routeMetadata, "api"}} {
		stream, err := c.Process(metadata.AppendToOutgoingContext(t.Context(), pairs...))
		if err != nil {
			t.Fatal(err)
		}
		if a, err := stream.Recv(); err == nil {
			t.Errorf("a stream of %s is answered %v", name, a)
		}
	}
}

// Should Envoy not say whose answer it is, policy judges it.
func TestAnAnswerOfNobodysIsJudged(t *testing.T) {
	c, _ := serveFilter(t, planned(t, "on_request_headers := true\n\non_response_headers := false"), true)
	if got := fmt.Sprint(told(t, c, requestHeaders("/", true), responseHeaders("", "200"))); got != "[on 403 policy.on_response_headers]" {
		t.Errorf("answers %s", got)
	}
}

func TestDecisionsAreRecorded(t *testing.T) {
	c, j := serveFilter(t, planned(t, `on_request_headers := {"allowed": true, "rule": "first", "context": {"n": 1}}

on_response_headers := {"allowed": false, "rule": "second", "http_status": 418, "body": {"code": "no"}} if input.context.n == 1`), true)
	if got := fmt.Sprint(told(t, c, requestHeaders("/a?q=secret", true), responseHeaders(viaUpstream, "200"))); got != "[on 418 policy.on_response_headers:second]" {
		t.Errorf("answers %s", got)
	}
	_, got, _ := j.lists()
	want := []Decision{
		{"api", "GET", "/a", RequestHeaders, true, "policy.on_request_headers:first", 0},
		{"api", "GET", "/a", ResponseHeaders, false, "policy.on_response_headers:second", 418},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func TestShutRoute(t *testing.T) {
	r := planned(t, everything)
	c, j := serveFilter(t, r, false)
	if got := fmt.Sprint(told(t, c, requestHeaders("/", true))); got != "[503 route.closed]" {
		t.Errorf("answers %s", got)
	}
	if _, d, _ := j.lists(); len(d) != 1 || d[0].Allowed || r.budget.use().Requests != 0 {
		t.Errorf("recorded %v", d)
	}
}

// The filter sees what a policy may see, and policy sees nothing else.
func TestInputDocument(t *testing.T) {
	r := planned(t, everything)
	x := &exchange{route: r}
	var err error
	if x.request, err = readRequest(get("/v1?x=1", "accept", "*/*")); err != nil {
		t.Fatal(err)
	}
	if x.answer, err = readResponse(headerMap(":status", "200", "a", "b")); err != nil {
		t.Fatal(err)
	}
	for phase, want := range map[string]string{
		RequestHeaders:  "map[budget:map[bytes_out:map[limit:1048576 used:0] requests:map[limit:1000 used:0]] phase:request_headers request:map[headers:map[accept:[*/*]] host:api.demo method:GET path:/v1 query:map[x:[1]] scheme:http] route:api]",
		RequestBody:     "map[budget:map[bytes_out:map[limit:1048576 used:0] requests:map[limit:1000 used:0]] phase:request_body request:map[body:map[size:0] headers:map[accept:[*/*]] host:api.demo method:GET path:/v1 query:map[x:[1]] scheme:http] route:api]",
		ResponseHeaders: "map[budget:map[bytes_out:map[limit:1048576 used:0] requests:map[limit:1000 used:0]] phase:response_headers request:map[headers:map[accept:[*/*]] host:api.demo method:GET path:/v1 query:map[x:[1]] scheme:http] response:map[headers:map[a:[b]] status:200] route:api]",
		ResponseBody:    "map[budget:map[bytes_out:map[limit:1048576 used:0] requests:map[limit:1000 used:0]] phase:response_body request:map[headers:map[accept:[*/*]] host:api.demo method:GET path:/v1 query:map[x:[1]] scheme:http] response:map[body:map[size:0] headers:map[a:[b]] status:200] route:api]",
	} {
		if got := fmt.Sprint(map[string]any(x.input(phase, map[string]any{"size": 0}))); got != want {
			t.Errorf("input of %s is\n%s\nwant\n%s", phase, got, want)
		}
	}
}

// A route that is shut between a request's headers and its body sends nothing.
func TestARouteShutMeanwhileSendsNothing(t *testing.T) {
	open := true
	x := &exchange{route: planned(t, everything), open: func() bool { return open }, journal: newJournal(nil)}
	if a, err := x.handle(t.Context(), requestHeaders("/", false)); err != nil || a.GetRequestHeaders() == nil {
		t.Fatalf("headers: %v, %v", a, err)
	}
	open = false
	a, err := x.handle(t.Context(), requestBody("x", true))
	if err != nil || a.GetImmediateResponse().GetStatus().GetCode() != 503 || x.route.budget.use().Requests != 0 {
		t.Errorf("body: %v, %v, want 503", a, err)
	}
}
