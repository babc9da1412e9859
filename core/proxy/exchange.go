package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

// viaUpstream is Envoy's word for an answer that the upstream gave. Any other word,
// but not silence, means that Envoy answered by itself, with nothing of the upstream in it.
const viaUpstream = "via_upstream"

// where an exchange is; it only moves on.
type step int

const (
	begun     step = iota // nothing seen
	asked                 // request headers allowed, its body to come
	sent                  // the whole request allowed
	answering             // response headers allowed, its body to come
	ended
)

// exchange judges one request and its response, message by message. It is used by
// one goroutine.
type exchange struct {
	route   *plannedRoute
	open    func() bool
	journal *journal

	step    step
	request request
	answer  response
	local   bool // Envoy's own answer
	context any
}

// refusal is why a message goes no further. Rule is the name in the decision log.
type refusal struct {
	rule   string
	status int
	body   []byte // JSON
}

// handle returns the answer to one message of Envoy. An error ends the stream,
// which Envoy takes as a failure of the exchange.
func (x *exchange) handle(ctx context.Context, q *extprocv3.ProcessingRequest) (*extprocv3.ProcessingResponse, error) {
	if q.GetObservabilityMode() {
		return nil, fmt.Errorf("answers would not be waited for")
	}
	switch m := q.GetRequest().(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		if x.step != begun {
			return nil, fmt.Errorf("request headers come twice")
		}
		if no := x.requestHeaders(ctx, m.RequestHeaders); no != nil {
			return x.refuse(RequestHeaders, no), nil
		}
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}}}, nil
	case *extprocv3.ProcessingRequest_RequestBody:
		if x.step != asked {
			return nil, fmt.Errorf("a request body comes out of order")
		}
		if no := x.requestBody(ctx, m.RequestBody); no != nil {
			return x.refuse(RequestBody, no), nil
		}
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestBody{RequestBody: &extprocv3.BodyResponse{}}}, nil
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		if x.step >= answering {
			return nil, fmt.Errorf("response headers come twice")
		}
		said := details(q)
		local := said != "" && said != viaUpstream // where nothing is said, policy judges
		if x.step != sent && !local {
			return nil, fmt.Errorf("an answer comes before its request was allowed")
		}
		x.step, x.local = answering, local
		if no := x.responseHeaders(ctx, m.ResponseHeaders); no != nil {
			return x.refuse(ResponseHeaders, no), nil
		}
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extprocv3.HeadersResponse{}}}, nil
	case *extprocv3.ProcessingRequest_ResponseBody:
		if x.step != answering {
			return nil, fmt.Errorf("a response body comes out of order")
		}
		x.step = ended
		if no := x.responseBody(ctx, m.ResponseBody); no != nil {
			return x.refuse(ResponseBody, no), nil
		}
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ResponseBody{ResponseBody: &extprocv3.BodyResponse{}}}, nil
	case *extprocv3.ProcessingRequest_RequestTrailers:
		return x.refuse(RequestBody, &refusal{rule: "trailers", status: 400}), nil
	case *extprocv3.ProcessingRequest_ResponseTrailers:
		return x.refuse(ResponseBody, &refusal{rule: "trailers", status: 502}), nil
	}
	return nil, fmt.Errorf("a message that is not known")
}

func (x *exchange) requestHeaders(ctx context.Context, h *extprocv3.HttpHeaders) *refusal {
	r, err := readRequest(h.GetHeaders())
	x.request = r
	if err != nil {
		return &refusal{rule: "input", status: 400, body: reason(err)}
	}
	if !x.route.means(r.host) {
		x.journal.attempt(AttemptHTTP, r.host)
		return &refusal{rule: "host", status: 403}
	}
	for name := range r.headers {
		// They would steer Envoy's router: retries, timeouts, other clusters.
		if strings.HasPrefix(name, "x-envoy-") {
			return &refusal{rule: "input", status: 400, body: reason(fmt.Errorf("headers x-envoy-… are not for applications"))}
		}
	}
	if !x.open() {
		return &refusal{rule: "route.closed", status: 503}
	}
	if no := x.affordable(0); no != nil {
		return no
	}
	if no := x.policy(ctx, RequestHeaders, nil); no != nil {
		return no
	}
	x.step = asked
	if h.GetEndOfStream() {
		return x.send()
	}
	return nil
}

func (x *exchange) requestBody(ctx context.Context, b *extprocv3.HttpBody) *refusal {
	if !b.GetEndOfStream() {
		return &refusal{rule: "trailers", status: 400}
	}
	if len(b.GetBody()) > int(x.route.MaxBody) {
		return &refusal{rule: "body.size", status: 413}
	}
	if no := x.affordable(len(b.GetBody())); no != nil {
		return no
	}
	doc, err := bodyDoc(x.request.headers, b.GetBody())
	if err != nil {
		return &refusal{rule: "input", status: 400, body: reason(err)}
	}
	if no := x.policy(ctx, RequestBody, doc); no != nil {
		return no
	}
	return x.send()
}

// send counts the request at the last moment before Envoy forwards it.
func (x *exchange) send() *refusal {
	if !x.open() {
		return &refusal{rule: "route.closed", status: 503}
	}
	if !x.route.budget.send() {
		return &refusal{rule: "budget.requests", status: 429}
	}
	x.step = sent
	return nil
}

func (x *exchange) affordable(body int) *refusal {
	requests, bytes := x.route.budget.left(body)
	switch {
	case !requests:
		return &refusal{rule: "budget.requests", status: 429}
	case !bytes:
		return &refusal{rule: "budget.bytes_out", status: 429}
	}
	return nil
}

func (x *exchange) responseHeaders(ctx context.Context, h *extprocv3.HttpHeaders) *refusal {
	if x.local {
		return nil // nothing came in, so there is nothing to judge
	}
	r, err := readResponse(h.GetHeaders())
	x.answer = r
	if err != nil {
		return &refusal{rule: "input", status: 502, body: reason(err)}
	}
	return x.policy(ctx, ResponseHeaders, nil)
}

func (x *exchange) responseBody(ctx context.Context, b *extprocv3.HttpBody) *refusal {
	if x.local {
		return nil
	}
	if !b.GetEndOfStream() {
		return &refusal{rule: "trailers", status: 502}
	}
	if len(b.GetBody()) > int(x.route.MaxBody) {
		return &refusal{rule: "body.size", status: 502}
	}
	doc, err := bodyDoc(x.answer.headers, b.GetBody())
	if err != nil {
		return &refusal{rule: "input", status: 502, body: reason(err)}
	}
	return x.policy(ctx, ResponseBody, doc)
}

// policy asks the route's bundle and writes its yes into the journal; refuse
// writes its no.
func (x *exchange) policy(ctx context.Context, phase string, body map[string]any) *refusal {
	v, err := x.route.Bundle.policy.ask(ctx, phase, x.input(phase, body))
	rule := "policy.on_" + phase
	if v.rule != "" {
		rule += ":" + v.rule
	}
	switch {
	case err != nil:
		return &refusal{rule: rule, status: 403, body: reason(fmt.Errorf("the policy gave no usable answer"))}
	case !v.allowed:
		return &refusal{rule: rule, status: v.status, body: v.body}
	}
	if v.context != nil {
		x.context = v.context
	}
	x.journal.decide(x.decision(phase, rule, true, 0))
	return nil
}

func (x *exchange) input(phase string, body map[string]any) input {
	request := x.request.doc()
	in := input{"phase": phase, "route": x.route.Name, "request": request, "budget": x.route.budget.doc()}
	if x.context != nil {
		in["context"] = x.context
	}
	if phase == RequestBody {
		request["body"] = body
	}
	if phase == ResponseHeaders || phase == ResponseBody {
		answer := x.answer.doc()
		if phase == ResponseBody {
			answer["body"] = body
		}
		in["response"] = answer
	}
	return in
}

// refuse ends the exchange with an answer of ours.
func (x *exchange) refuse(phase string, no *refusal) *extprocv3.ProcessingResponse {
	x.step = ended
	if no.status == 0 {
		no.status = 403
	}
	if no.body == nil {
		no.body = reason(nil)
	}
	x.route.budget.refuse()
	x.journal.decide(x.decision(phase, no.rule, false, no.status))
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode(no.status)},
		Headers: &extprocv3.HeaderMutation{SetHeaders: []*corev3.HeaderValueOption{set("content-type", "application/json"), set(refusedHeader, no.rule)}},
		Body:    no.body,
		Details: "cleanroom_refused",
	}}}
}

func (x *exchange) decision(phase, rule string, allowed bool, status int) Decision {
	return Decision{Route: x.route.Name, Method: x.request.method, Path: x.request.path, Phase: phase, Allowed: allowed, Rule: rule, Status: status}
}

func set(key, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: key, RawValue: []byte(value)}, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD}
}

// reason is the application's answer where policy gave none. It repeats nothing of
// an upstream's message.
func reason(err error) []byte {
	doc := map[string]string{"error": "refused by the clean room"}
	if err != nil {
		doc["reason"] = err.Error()
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return []byte(`{}`)
	}
	return b
}

func details(q *extprocv3.ProcessingRequest) string {
	return q.GetAttributes()["envoy.filters.http.ext_proc"].GetFields()[codeDetails].GetStringValue()
}
