package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	policyTime  = time.Second // for one question
	maxAnswer   = 4 << 10     // bytes of a refusal's body, as JSON
	maxContext  = 16 << 10    // bytes of a decision's context, as JSON
	maxRuleName = 64
)

var phases = []string{RequestHeaders, RequestBody, ResponseHeaders, ResponseBody}

// policy is a compiled bundle. Its methods may be called concurrently.
type policy struct {
	queries map[string]rego.PreparedEvalQuery // by phase
}

// verdict is one answer of a policy. Its zero value refuses.
type verdict struct {
	allowed bool
	rule    string // of the policy, or empty
	status  int    // for the application when refused; 0 means the default
	body    []byte // JSON for the application when refused
	context any
}

// Capabilities are the built-ins that a policy may use: none that reaches outside
// or answers differently twice.
func Capabilities() *ast.Capabilities {
	all := ast.CapabilitiesForThisVersion()
	all.Builtins = slices.DeleteFunc(all.Builtins, func(b *ast.Builtin) bool {
		return b.Nondeterministic || b.Name == "http.send" || b.Name == "opa.runtime" || b.Name == "trace" || strings.HasPrefix(b.Name, "net.lookup")
	})
	all.AllowNet = []string{}
	return all
}

func compile(files []bundleFile) (*policy, error) {
	const op = "proxy.policy"
	modules, data, decides := map[string]*ast.Module{}, map[string]any{}, false
	caps := Capabilities()
	for _, f := range files {
		if f.name == "data.json" {
			v, err := readJSON(f.content)
			object, isObject := v.(map[string]any)
			if err != nil || !isObject {
				return nil, fault.New(fault.Invalid, op, "data.json: is not one JSON object without duplicate keys: %v", err)
			}
			if _, hidden := object["ccr"]; hidden {
				return nil, fault.New(fault.Invalid, op, "data.json: may not contain ccr: policy decides, not data")
			}
			data = object
			continue
		}
		m, err := ast.ParseModuleWithOpts(f.name, string(f.content), ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: caps})
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "%s", places(err))
		}
		if m == nil {
			return nil, fault.New(fault.Invalid, op, "%s: is empty", f.name)
		}
		decides = decides || m.Package.Path.String() == "data.ccr.policy"
		modules[f.name] = m
	}
	if !decides {
		return nil, fault.New(fault.Invalid, op, "no file has package ccr.policy")
	}
	c := ast.NewCompiler().WithStrict(true).WithCapabilities(caps).WithDefaultRegoVersion(ast.RegoV1)
	if c.Compile(modules); c.Failed() {
		return nil, fault.New(fault.Invalid, op, "%s", places(c.Errors))
	}
	p := &policy{map[string]rego.PreparedEvalQuery{}}
	store := inmem.NewFromObject(data)
	for _, phase := range phases {
		q, err := rego.New(rego.Query("data.ccr.policy.on_"+phase), rego.Compiler(c), rego.Store(store),
			rego.StrictBuiltinErrors(true), rego.Capabilities(caps)).PrepareForEval(context.Background())
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "on_%s: %w", phase, err)
		}
		p.queries[phase] = q
	}
	return p, nil
}

// places writes the compiler's errors on one line, each with file and line.
func places(err error) string {
	var all ast.Errors
	if !errors.As(err, &all) {
		return err.Error()
	}
	var out []string
	for _, e := range all {
		out = append(out, fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, e.Message))
	}
	return strings.Join(out, "; ")
}

// ask evaluates one question. Any error is a refusal and says nothing of the
// message that policy was asked about.
func (p *policy) ask(ctx context.Context, phase string, in input) (verdict, error) {
	q, ok := p.queries[phase]
	if !ok {
		return verdict{}, fmt.Errorf("there is no question on_%s", phase)
	}
	ctx, cancel := context.WithTimeout(ctx, policyTime)
	defer cancel()
	// A named map would go through JSON once more.
	results, err := q.Eval(ctx, rego.EvalInput(map[string]any(in)))
	if err != nil {
		return verdict{}, fmt.Errorf("on_%s: evaluation failed", phase)
	}
	if len(results) == 0 {
		return verdict{}, nil // undefined
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return verdict{}, fmt.Errorf("on_%s: has more than one answer", phase)
	}
	v, err := readVerdict(results[0].Expressions[0].Value)
	if err != nil {
		return verdict{}, fmt.Errorf("on_%s: %w", phase, err)
	}
	return v, nil
}

func readVerdict(answer any) (verdict, error) {
	if yes, ok := answer.(bool); ok {
		return verdict{allowed: yes}, nil
	}
	object, ok := answer.(map[string]any)
	if !ok {
		return verdict{}, fmt.Errorf("is neither a boolean nor an object")
	}
	var v verdict
	if v.allowed, ok = object["allowed"].(bool); !ok {
		return verdict{}, fmt.Errorf("allowed: must be a boolean")
	}
	for name, value := range object {
		var err error
		switch name {
		case "allowed":
		case "rule":
			v.rule, err = ruleName(value)
		case "context":
			v.context, _, err = bounded(value, maxContext)
		case "http_status":
			v.status, err = refusalStatus(value, v.allowed)
		case "body":
			if v.allowed {
				err = fmt.Errorf("a message that passes is not rewritten")
				break
			}
			_, v.body, err = bounded(value, maxAnswer)
		default:
			err = fmt.Errorf("is not known")
		}
		if err != nil {
			return verdict{}, fmt.Errorf("%.64q: %w", name, err)
		}
	}
	return v, nil
}

func ruleName(v any) (string, error) {
	s, ok := v.(string)
	if !ok || s == "" || len(s) > maxRuleName || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
		return "", fmt.Errorf("must be 1 to %d characters of a-z 0-9 . _ -", maxRuleName)
	}
	return s, nil
}

func refusalStatus(v any, allowed bool) (int, error) {
	n, ok := v.(json.Number)
	i, err := n.Int64()
	if !ok || err != nil || allowed || i < 400 || i > 599 {
		return 0, fmt.Errorf("must be a number of 400 to 599, in a refusal")
	}
	return int(i), nil
}

func bounded(v any, limit int) (any, []byte, error) {
	b, err := json.Marshal(v)
	if err != nil || len(b) > limit {
		return nil, nil, fmt.Errorf("must be JSON of at most %d bytes", limit)
	}
	return v, b, nil
}
