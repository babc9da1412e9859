package proxy

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// Phases of one exchange, in order. Each asks data.ccr.policy.on_PHASE.
const (
	RequestHeaders  = "request_headers"
	RequestBody     = "request_body" // only when there is a body
	ResponseHeaders = "response_headers"
	ResponseBody    = "response_body" // only when there is a body
)

// A policy's input is this document (policies/README.md explains it to authors):
//
//	{
//	  "phase": "request_headers",        one of the four above
//	  "route": "reference",              the route's name in the specification
//	  "request": {
//	    "method": "GET",
//	    "scheme": "http",
//	    "host": "reference.demo",        the route's host; anything else was refused before
//	    "path": "/v1/reference",         normalised, without the query
//	    "query": {"id": ["7"]},          decoded; always an object
//	    "headers": {"accept": ["*/*"]},  lower-case names, every value
//	    "body": BODY                     in request_body only
//	  },
//	  "response": {                      in the response phases only
//	    "status": 200,
//	    "headers": {"content-type": ["application/json"]},
//	    "body": BODY                     in response_body only
//	  },
//	  "context": {…},                    what an earlier decision of this exchange handed on
//	  "budget": {"requests": {"used": 1, "limit": 10}, "bytes_out": {"used": 100, "limit": 4096}}
//	}
//
// BODY is {"size": 12, "json": …} for a JSON content type, {"size": 12, "text": "…"} for
// other UTF-8, {"size": 12, "base64": "…"} for anything else and {"size": 0} for an empty one.
type input map[string]any

// message is one message's headers as policies see them.
type message struct {
	pseudo  map[string]string
	headers map[string][]string
}

const maxHeaders = 100 // Envoy's own default for one message

// readHeaders turns Envoy's list into a message. It refuses what two readers
// could understand in two ways.
func readHeaders(m *corev3.HeaderMap) (message, error) {
	out := message{map[string]string{}, map[string][]string{}}
	if len(m.GetHeaders()) > maxHeaders {
		return message{}, fmt.Errorf("more than %d headers", maxHeaders)
	}
	for _, h := range m.GetHeaders() {
		name, value := h.GetKey(), h.GetValue()
		if raw := h.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		if name == "" || !utf8.ValidString(name) || name != strings.ToLower(name) {
			return message{}, fmt.Errorf("a header's name is not lower-case text")
		}
		if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\r\n") {
			return message{}, fmt.Errorf("a header's value is not one line of UTF-8")
		}
		if !strings.HasPrefix(name, ":") {
			out.headers[name] = append(out.headers[name], value)
			continue
		}
		if _, twice := out.pseudo[name]; twice {
			return message{}, fmt.Errorf("%s comes twice", name)
		}
		out.pseudo[name] = value
	}
	return out, nil
}

// request is the part of the input that all phases share.
type request struct {
	message
	method, scheme, host, path string
	query                      map[string][]string
}

// readRequest returns, with an error, what the decision log may still say of the request.
func readRequest(m *corev3.HeaderMap) (request, error) {
	msg, err := readHeaders(m)
	if err != nil {
		return request{}, err
	}
	r := request{message: msg, method: msg.pseudo[":method"], scheme: msg.pseudo[":scheme"], host: strings.ToLower(msg.pseudo[":authority"])}
	path, query, _ := strings.Cut(msg.pseudo[":path"], "?")
	r.path = path
	if r.method == "" || r.host == "" {
		return r, fmt.Errorf("no method or no host")
	}
	if err := plainPath(path); err != nil {
		return r, err
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return r, fmt.Errorf("the query cannot be read in one way only")
	}
	for name, list := range values {
		for _, v := range append(list, name) {
			if !utf8.ValidString(v) {
				return r, fmt.Errorf("the query is not UTF-8")
			}
		}
	}
	r.query = values
	return r, nil
}

// plainPath accepts a path that policy and upstream cannot read differently:
// absolute, normalised, printable ASCII, and no escape of a character that needs
// none (RFC 3986 section 6.2.2.2).
func plainPath(p string) error {
	if !strings.HasPrefix(p, "/") {
		return fmt.Errorf("the path is not absolute")
	}
	for segment := range strings.SplitSeq(p[1:], "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the path is not normalised")
		}
	}
	if strings.Contains(p, "//") || strings.ContainsAny(p, "\\#") {
		return fmt.Errorf("the path is not normalised")
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c <= ' ' || c >= 0x7f {
			return fmt.Errorf("the path is not printable ASCII")
		}
		if c != '%' {
			continue
		}
		if i+2 >= len(p) {
			return fmt.Errorf("the path ends in half an escape")
		}
		b, err := strconv.ParseUint(p[i+1:i+3], 16, 8)
		if err != nil {
			return fmt.Errorf("the path has an escape that is none")
		}
		if needsNoEscape(byte(b)) {
			return fmt.Errorf("the path escapes a character that must not be escaped")
		}
	}
	return nil
}

// needsNoEscape says that c is unreserved, or one that no server may take from an
// escape: a slash, a backslash, a control character.
func needsNoEscape(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c < ' ' || c == 0x7f || strings.IndexByte("-._~/\\%", c) >= 0
}

func (r request) doc() map[string]any {
	return map[string]any{
		"method": r.method, "scheme": r.scheme, "host": r.host, "path": r.path,
		"query": lists(r.query), "headers": lists(r.headers),
	}
}

// response is an upstream's answer.
type response struct {
	message
	status int
}

func readResponse(m *corev3.HeaderMap) (response, error) {
	msg, err := readHeaders(m)
	if err != nil {
		return response{}, err
	}
	status, err := strconv.Atoi(msg.pseudo[":status"])
	if err != nil || status < 200 || status > 599 {
		return response{}, fmt.Errorf("the status is not one of 200 to 599")
	}
	return response{msg, status}, nil
}

func (r response) doc() map[string]any {
	return map[string]any{"status": r.status, "headers": lists(r.headers)}
}

func lists(m map[string][]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, values := range m {
		l := make([]any, len(values))
		for i, v := range values {
			l[i] = v
		}
		out[k] = l
	}
	return out
}
