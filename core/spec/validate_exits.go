package spec

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

func (k *checker) checkNetwork() {
	list := k.s.Network.Outbound
	at := root + ".network.outbound"
	k.declare(at, 0, namesOf(list, func(o v1.Outbound) string { return o.Name }))
	first := map[string]int{}
	for i, o := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		if k.hostName(at+".host", o.Host) {
			// Two routes of one name and port could not be told apart.
			address := fmt.Sprintf("%s:%d", o.Host, o.Port)
			if j, ok := first[address]; ok {
				k.Add(at+".host", "%s is already %s.network.outbound[%d]", address, root, j)
			}
			first[address] = i
		}
		if o.Port == 0 {
			k.Add(at+".port", "is required: from 1 to 65535")
		}
		k.hostPort(at+".destination", o.Destination)
		if o.TLS != nil {
			k.certificates(at+".tls.ca", o.TLS.CA)
			k.hostName(at+".tls.serverName", o.TLS.ServerName)
		}
		if o.Policy.IsZero() {
			k.Add(at+".policy", "is required: the policy bundle's digest, sha256: and 64 hex digits")
		}
		positive(k, at+".maxBody", o.MaxBody)
		positive(k, at+".maxRequests", o.MaxRequests)
		positive(k, at+".maxBytesOut", o.MaxBytesOut)
	}
}

func (k *checker) checkGovernance() {
	g, at := k.s.Governance, root+".governance"
	k.endpoints(at+".consent", g.Consent)
	k.endpoints(at+".audit", g.Audit)
	covered := map[string]bool{}
	for i, e := range g.Consent {
		at := fmt.Sprintf("%s.consent[%d].operations", at, i)
		if len(e.Operations) == 0 {
			k.Add(at, "is required: the operations that it is asked about")
		}
		for j, op := range e.Operations {
			at := fmt.Sprintf("%s[%d]", at, j)
			switch {
			case op == "room.close":
				k.Add(at, "must be left out: room.close is recorded, but ending a room needs nobody's consent")
			case !slices.Contains(v1.Operations(), op):
				k.Add(at, "%.40q is no operation%s", op, choice(op, v1.Operations()))
			case slices.Contains(e.Operations[:j], op):
				k.Add(at, "%s stands twice", op)
			}
			covered[op] = true
		}
	}
	for i, e := range g.Audit {
		if len(e.Operations) > 0 {
			k.Add(fmt.Sprintf("%s.audit[%d].operations", at, i), "must be left out: an audit endpoint records every operation")
		}
	}
	var missing []string
	for _, op := range k.s.Needed() {
		if !covered[op] {
			missing = append(missing, op)
		}
	}
	if len(missing) > 0 && len(g.Consent) > 0 {
		k.Add(at+".consent", "nobody is asked about %s: nothing to ask is a no", strings.Join(missing, ", "))
	}
}

func (k *checker) endpoints(at string, list []v1.Endpoint) {
	k.declare(at, 1, namesOf(list, func(e v1.Endpoint) string { return e.Name }))
	for i, e := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		k.pluginConfig(at, "governance", e.Plugin)
		duration(k, at+".timeout", e.Timeout)
		switch {
		case e.Plugin.Plugin == "governance/httpapi":
			if e.AnswerKey != "" {
				k.Add(at+".answerKey", "must be left out: governance/httpapi signs nothing")
			}
			k.httpapi(at+".config", e.Config)
		case e.Plugin.Plugin == "governance/ledger" || e.AnswerKey != "":
			k.publicKey(at+".answerKey", e.AnswerKey, "an Ed25519 public key")
		}
	}
}

// httpapi holds the one thing of a plugin's configuration that the core must not
// leave to the plugin: outside simulation an unsigned answer needs a pinned server.
func (k *checker) httpapi(at string, config map[string]any) {
	if k.simulated() || config == nil {
		return
	}
	if url, _ := config["url"].(string); !strings.HasPrefix(url, "https://") {
		k.Add(at+".url", "must begin with https:// outside platform simulated (got %.80q)", url)
	}
	ca, _ := config["ca"].(string)
	k.certificates(at+".ca", ca)
}

func (k *checker) checkTelemetry() {
	if t := k.s.Telemetry.Infrastructure; t != nil {
		k.infrastructure(root+".telemetry.infrastructure", t)
	}
	t := k.s.Telemetry.Application
	if t == nil {
		return
	}
	at := root + ".telemetry.application"
	k.refer(at+".sink", t.Sink, k.sinks)
	k.object(at+".object", t.Object)
	k.oneOf(at+".mode", t.Mode, v1.ModeSecure)
	positive(k, at+".limit", t.Limit)
	for i, out := range k.s.Application.Outputs {
		k.apart(at+".object", t.Sink, t.Object, fmt.Sprintf("%s.application.outputs[%d]", root, i), out.Sink, out.Object)
	}
}

func (k *checker) infrastructure(at string, t *v1.InfraTelemetry) {
	signals := []string{"metrics", "traces", "logs"}
	if len(t.Signals) == 0 {
		k.Add(at+".signals", "is required: some of metrics, traces, logs")
	}
	for i, s := range t.Signals {
		at := fmt.Sprintf("%s.signals[%d]", at, i)
		k.oneOf(at, s, signals...)
		if slices.Contains(t.Signals[:i], s) {
			k.Add(at, "%s stands twice", s)
		}
	}
	k.oneOf(at+".mode", t.Mode, v1.ModeTrusted, v1.ModeOpen)
	u := k.url(at+".endpoint", t.Endpoint, "http", "https")
	if u == nil {
		return
	}
	switch {
	case u.Scheme == "https":
		k.certificates(at+".ca", t.CA)
	case t.Mode == v1.ModeTrusted:
		k.Add(at+".endpoint", "must begin with https:// in mode trusted (got %.80q)", t.Endpoint)
	case t.CA != "":
		k.Add(at+".ca", "must be left out: an http endpoint has no certificate")
	}
}
