package spec

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Explanation is what a specification means to those who vote on it. What is not
// in Leaves cannot leave.
type Explanation struct {
	Name      string           `json:"name"`
	Digest    string           `json:"digest"`
	Platform  string           `json:"platform"`
	Simulated bool             `json:"simulated"`
	Data      []ExplainedData  `json:"data"`
	Leaves    []Exit           `json:"leaves"`
	Consent   []ExplainedAsked `json:"consent"`
	Audit     []string         `json:"audit"`
	Runtime   ExplainedRuntime `json:"runtime"`
	Limits    []string         `json:"limits"`
}

// Exit is one way by which data can leave the room.
type Exit struct {
	Kind    string   `json:"kind"` // output, console, api, telemetry
	Name    string   `json:"name"`
	Mode    string   `json:"mode"`
	To      string   `json:"to"`      // where the bytes go
	Readers []string `json:"readers"` // who can read them
	Bound   string   `json:"bound"`   // at most how much
	Consent []string `json:"consent"` // endpoints that must agree first
}

// ExplainedData is one dataset and who holds the key to it.
type ExplainedData struct {
	Source string `json:"source"`
	Party  string `json:"party"`
	Path   string `json:"path"` // where the application reads it in clear
	Holder string `json:"holder"`
	Key    string `json:"key"`
}

// ExplainedAsked says who must consent to an operation.
type ExplainedAsked struct {
	Operation string   `json:"operation"`
	Endpoints []string `json:"endpoints"` // all of them must agree
}

// ExplainedRuntime says what launches the application and who relies on it.
type ExplainedRuntime struct {
	Plugin    string   `json:"plugin"`
	TrustedBy []string `json:"trustedBy"`
	Evidence  string   `json:"evidence"`
}

// Explained computes the explanation of a valid specification.
func Explained(s *v1.Spec) Explanation {
	e := Explanation{
		Name: s.Name, Platform: s.Platform, Simulated: s.Platform == v1.PlatformSimulated,
		Audit:   namesOf(s.Governance.Audit, endpoint),
		Runtime: ExplainedRuntime{s.Application.Runtime.Plugin, s.Application.Runtime.Trust.By, s.Application.Runtime.Trust.Evidence},
		Limits: []string{
			fmt.Sprintf("the application runs at most %s, with %v CPUs, %s of memory, %d processes", s.Limits.WallTime, s.Application.Resources.CPUs, s.Application.Resources.Memory, s.Application.Resources.Pids),
			fmt.Sprintf("outputs hold at most %s in clear, all together", s.Limits.BytesOut),
		},
	}
	if d, err := Digest(s); err == nil {
		e.Digest = d.String()
	}
	for _, in := range s.Application.Inputs {
		if i := slices.IndexFunc(s.Sources, func(d v1.Source) bool { return d.Name == in.Source }); i >= 0 {
			d := s.Sources[i]
			e.Data = append(e.Data, ExplainedData{d.Name, d.Party, in.Path, d.Sealing.KeyService, d.Sealing.Key})
		}
	}
	for _, op := range s.Needed() {
		e.Consent = append(e.Consent, ExplainedAsked{op, asked(s, op)})
	}
	e.Leaves = exits(s)
	return e
}

func endpoint(e v1.Endpoint) string { return e.Name + " (" + e.Plugin.Plugin + ")" }

// asked returns the consent endpoints that cover op.
func asked(s *v1.Spec, op string) []string {
	var out []string
	for _, e := range s.Governance.Consent {
		if slices.Contains(e.Operations, op) {
			out = append(out, endpoint(e))
		}
	}
	return out
}

func exits(s *v1.Spec) []Exit {
	var out []Exit
	sealed := func(kind, name, sinkName, object, bound, op string) {
		for _, sink := range s.Sinks {
			if sink.Name == sinkName {
				to := fmt.Sprintf("%s/… at sink %s (%s %s)", object, sink.Name, sink.Plugin.Plugin, config(sink.Config))
				out = append(out, Exit{kind, name, sink.Mode, to, sink.Recipients, bound, asked(s, op)})
			}
		}
	}
	for _, o := range s.Application.Outputs {
		sealed("output", o.Path, o.Sink, o.Object, o.Size.String()+" of files", "output.release")
	}
	if t := s.Telemetry.Application; t != nil {
		sealed("console", "stdout and stderr", t.Sink, t.Object, t.Limit.String(), "logs.export")
	}
	for _, r := range s.Network.Outbound {
		scheme, who := "http", "whoever is on the way to "+r.Destination+": nothing is encrypted"
		if r.TLS != nil {
			scheme, who = "https", r.TLS.ServerName
		}
		to := fmt.Sprintf("%s://%s:%d at %s, judged by policy %s", scheme, r.Host, r.Port, r.Destination, r.Policy)
		bound := fmt.Sprintf("%d requests and %s in the whole run, %s in one", r.MaxRequests, r.MaxBytesOut, r.MaxBody)
		out = append(out, Exit{"api", r.Name, v1.ModeOpen, to, []string{who}, bound, asked(s, "api.egress")})
	}
	if t := s.Telemetry.Infrastructure; t != nil {
		out = append(out, Exit{"telemetry", strings.Join(t.Signals, ", "), t.Mode, t.Endpoint, []string{"the collector at " + t.Endpoint},
			"no set amount: what core and plugins say of themselves", asked(s, "telemetry.export")})
	}
	return out
}

// Explain writes in plain words what s allows. It is for people; Explained is the
// same for programs. An error of w is w's to remember.
func Explain(s *v1.Spec, w io.Writer) {
	e := Explained(s)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("Specification %s, %s", e.Name, e.Digest)
	if e.Simulated {
		p("\nSIMULATED: no hardware protects this room. Its operator can see all data.")
	}
	p("\nThe application sees in clear:")
	for _, d := range e.Data {
		p("  %s of %s, at %s (key %s waits at %s's key service %s)", d.Source, d.Party, d.Path, d.Key, d.Party, d.Holder)
	}
	p("\nAll that can leave:")
	for _, x := range e.Leaves {
		p("  %s %s, mode %s", x.Kind, x.Name, x.Mode)
		p("    to        %s", x.To)
		p("    read by   %s", strings.Join(x.Readers, ", "))
		p("    at most   %s", x.Bound)
		p("    only if   consent comes from %s", strings.Join(x.Consent, " and "))
	}
	p("  Nothing else: the application has no other network, volume or console.")
	p("\nWho must consent, each time and while it goes on:")
	for _, a := range e.Consent {
		p("  %-17s %s", a.Operation, strings.Join(a.Endpoints, " and "))
	}
	p("\nEvery one of these, and the end, is recorded, before and after, by %s.", strings.Join(e.Audit, " and "))
	p("\n%s launches the application and sees what it sees. Relied on by %s, because it is %s.", e.Runtime.Plugin, strings.Join(e.Runtime.TrustedBy, ", "), evidence(e.Runtime.Evidence))
	p("\nLimits:")
	for _, l := range e.Limits {
		p("  %s", l)
	}
}

// config shows a plugin's configuration, harmless to a terminal.
func config(c map[string]any) string {
	b, err := canonical.Marshal(c)
	if err != nil {
		return "?"
	}
	quoted := strconv.QuoteToASCII(string(b))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func evidence(kind string) string {
	if kind == "measured" {
		return "part of what the attestation measures"
	}
	return kind
}
