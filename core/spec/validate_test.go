package spec_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

const key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

func TestValidateRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.Spec)
		want   string
	}{
		"another version":                  {func(s *v1.Spec) { s.APIVersion = "cleanroom/v2" }, `spec.apiVersion: must be cleanroom/v1 (got "cleanroom/v2")`},
		"a name that is no label":          {func(s *v1.Spec) { s.Name = "Study 1" }, "spec.name: must be a DNS label"},
		"a platform that is not named":     {func(s *v1.Spec) { s.Platform = "" }, "spec.platform: is required: snp or simulated"},
		"another platform":                 {func(s *v1.Spec) { s.Platform = "tdx" }, `spec.platform: must be snp or simulated (got "tdx")`},
		"no parties":                       {func(s *v1.Spec) { s.Parties = nil }, "spec.parties: is required: at least 1"},
		"two parties of one name":          {func(s *v1.Spec) { s.Parties[1].Name = "hospital-a" }, "spec.parties[1].name: hospital-a is already the name of spec.parties[0]"},
		"two parties of one key":           {func(s *v1.Spec) { s.Parties[1].SignKey = s.Parties[0].SignKey }, "spec.parties[1].signKey: is already the key of spec.parties[0]"},
		"a key of 31 bytes":                {func(s *v1.Spec) { s.Parties[0].SignKey = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==" }, "spec.parties[0].signKey: must be an Ed25519 public key of 32 bytes (got 31 bytes)"},
		"a key without padding":            {func(s *v1.Spec) { s.Parties[0].SignKey = strings.TrimRight(key, "=") }, "spec.parties[0].signKey: must be an Ed25519 public key of 32 bytes in base64 with padding"},
		"a key over two lines":             {func(s *v1.Spec) { s.Parties[0].SignKey = key[:20] + "\n" + key[20:] }, "spec.parties[0].signKey: must be an Ed25519"},
		"a key with loose bits":            {func(s *v1.Spec) { s.Parties[0].SignKey = strings.Replace(key, "yA=", "yB=", 1) }, "spec.parties[0].signKey: must be an Ed25519"},
		"a key of zeros":                   {func(s *v1.Spec) { s.Parties[2].SealKey = strings.Repeat("A", 43) + "=" }, "spec.parties[2].sealKey: must be an X25519 public key: all zeros is no key"},
		"a key service without answer key": {func(s *v1.Spec) { s.KeyServices[0].AnswerKey = "" }, "spec.keyServices[0].answerKey: is required"},
		"a key service that wraps somehow": {func(s *v1.Spec) { s.KeyServices[0].Wrap = "" }, "spec.keyServices[0].wrap: is required"},
		"a key service of nobody":          {func(s *v1.Spec) { s.KeyServices[0].Party = "hospital-x" }, `spec.keyServices[0].party: "hospital-x" is no name out of spec.parties (did you mean hospital-a?)`},
		"a key service nobody uses": {func(s *v1.Spec) {
			s.KeyServices = append(s.KeyServices, s.KeyServices[0])
			s.KeyServices[2].Name = "idle"
		}, "spec.keyServices[2]: is not used: no source's sealing names it"},
		"a plugin of another kind":        {func(s *v1.Spec) { s.KeyServices[0].Plugin.Plugin = "source/azblob" }, `spec.keyServices[0].plugin: must be keyservice/ and a plugin's name (got "source/azblob")`},
		"a plugin with a path":            {func(s *v1.Spec) { s.Sources[0].Plugin.Plugin = "source/../../bin/sh" }, "spec.sources[0].plugin: must be source/"},
		"no configuration":                {func(s *v1.Spec) { s.Sources[0].Config = nil }, "spec.sources[0].config: is required: {} when the plugin needs none"},
		"a key at another's key service":  {func(s *v1.Spec) { s.Sources[0].Sealing.KeyService = "broker-b" }, "spec.sources[0].sealing.keyService: is hospital-b's"},
		"a key's name with a slash":       {func(s *v1.Spec) { s.Sources[0].Sealing.Key = "../kek" }, "spec.sources[0].sealing.key: must be letters"},
		"a wrapped key that is too short": {func(s *v1.Spec) { s.Sources[0].Sealing.WrappedDEK = key }, "spec.sources[0].sealing.wrappedDEK: must be a wrapped key (got 32 bytes)"},
		"a manifest that climbs":          {func(s *v1.Spec) { s.Sources[0].Sealing.Manifest = "a/../b" }, "spec.sources[0].sealing.manifest: must be names"},
		"no manifest digest":              {func(s *v1.Spec) { s.Sources[0].Sealing.ManifestDigest = digest.SHA256{} }, "spec.sources[0].sealing.manifestDigest: is required"},
		"version 0":                       {func(s *v1.Spec) { s.Sources[0].Sealing.Version = 0 }, "spec.sources[0].sealing.version: is required: more than 0"},
		"a source nobody reads":           {func(s *v1.Spec) { s.Application.Inputs = s.Application.Inputs[:1] }, "spec.sources[1]: is not used: no input"},
		"a sink in clear":                 {func(s *v1.Spec) { s.Sinks[0].Mode = "open" }, `spec.sinks[0].mode: must be secure (got "open")`},
		"a sink for nobody":               {func(s *v1.Spec) { s.Sinks[0].Recipients = nil }, "spec.sinks[0].recipients: is required"},
		"a recipient without a key":       {func(s *v1.Spec) { s.Sinks[0].Recipients = []string{"hospital-a"} }, "spec.sinks[0].recipients[0]: hospital-a has no sealKey"},
		"a recipient twice":               {func(s *v1.Spec) { s.Sinks[0].Recipients = []string{"consumer", "consumer"} }, "spec.sinks[0].recipients[1]: consumer stands twice"},
		"an application without image":    {func(s *v1.Spec) { s.Application.Image = digest.SHA256{} }, "spec.application.image: is required"},
		"no command":                      {func(s *v1.Spec) { s.Application.Command = nil }, "spec.application.command: is required"},
		"a command found on the path":     {func(s *v1.Spec) { s.Application.Command[0] = "train" }, "spec.application.command[0]: must be the program's absolute path"},
		"root":                            {func(s *v1.Spec) { s.Application.User = 0 }, "spec.application.user: is required: a number other than 0"},
		"a variable's name with =":        {func(s *v1.Spec) { s.Application.Env["A=B"] = "" }, `spec.application.env: "A=B" is no name of a variable`},
		"a relative folder":               {func(s *v1.Spec) { s.Application.WorkDir = "work" }, "spec.application.workDir: must be an absolute path"},
		"a folder that climbs":            {func(s *v1.Spec) { s.Application.WorkDir = "/a/../b" }, "spec.application.workDir: must be a clean path: /b"},
		"a path with a mount option":      {func(s *v1.Spec) { s.Application.Inputs[0].Path = "/data,rw" }, "spec.application.inputs[0].path: must have no control"},
		"an input over the root":          {func(s *v1.Spec) { s.Application.Inputs[0].Path = "/" }, "spec.application.inputs[0].path: must leave /proc alone"},
		"an input below /proc":            {func(s *v1.Spec) { s.Application.Inputs[0].Path = "/proc/x" }, "spec.application.inputs[0].path: must leave /proc alone"},
		"an output within an input":       {func(s *v1.Spec) { s.Application.Outputs[0].Path = "/data/measures/out" }, "spec.application.outputs[0].path: /data/measures/out overlaps /data/measures of spec.application.inputs[0]"},
		"an input over an input":          {func(s *v1.Spec) { s.Application.Inputs[1].Path = "/data" }, "spec.application.inputs[1].path: /data overlaps /data/measures"},
		"one source twice":                {func(s *v1.Spec) { s.Application.Inputs[1].Source = "measures" }, "spec.application.inputs[1].source: measures is already an input"},
		"an output without size":          {func(s *v1.Spec) { s.Application.Outputs[0].Size = 0 }, "spec.application.outputs[0].size: is required: more than 0"},
		"an output to nowhere":            {func(s *v1.Spec) { s.Application.Outputs[0].Sink = "elsewhere" }, `spec.application.outputs[0].sink: "elsewhere" is no name out of spec.sinks (there is results)`},
		"outputs over each other": {func(s *v1.Spec) {
			s.Application.Outputs = append(s.Application.Outputs, v1.Output{Sink: "results", Path: "/b", Size: 1, Object: "model/x"})
		}, "spec.application.outputs[1].object: model/x overlaps model of spec.application.outputs[0]"},
		"logs over outputs":                {func(s *v1.Spec) { s.Telemetry.Application.Object = "model" }, "spec.telemetry.application.object: model overlaps model of spec.application.outputs[0]"},
		"a runtime that a party mistrusts": {func(s *v1.Spec) { s.Application.Runtime.Trust.By = []string{"hospital-a", "hospital-b"} }, "spec.application.runtime.trust.by: must list every party: consumer is missing"},
		"a runtime trusted by a stranger":  {func(s *v1.Spec) { s.Application.Runtime.Trust.By[0] = "operator" }, `spec.application.runtime.trust.by[0]: "operator" is no name out of spec.parties`},
		"other evidence":                   {func(s *v1.Spec) { s.Application.Runtime.Trust.Evidence = "promised" }, "spec.application.runtime.trust.evidence: must be measured"},
		"no memory":                        {func(s *v1.Spec) { s.Application.Resources.Memory = 0 }, "spec.application.resources.memory: is required: more than 0"},
		"negative pids":                    {func(s *v1.Spec) { s.Application.Resources.Pids = -1 }, "spec.application.resources.pids: must be more than 0 (got -1)"},
		"too fine a share of CPU":          {func(s *v1.Spec) { s.Application.Resources.CPUs = 0.0001 }, "spec.application.resources.cpus: must be at most 4096"},
		"a route to an address":            {func(s *v1.Spec) { s.Network.Outbound[0].Host = "10.0.0.1" }, "spec.network.outbound[0].host: must be a DNS name in lower case, not an address"},
		"a route to a short address":       {func(s *v1.Spec) { s.Network.Outbound[0].Host = "a.1" }, "spec.network.outbound[0].host: must be a DNS name"},
		"two routes of one address": {func(s *v1.Spec) {
			s.Network.Outbound = append(s.Network.Outbound, s.Network.Outbound[0])
			s.Network.Outbound[1].Name = "b"
		}, "spec.network.outbound[1].host: units.example:80 is already spec.network.outbound[0]"},
		"a destination without port":      {func(s *v1.Spec) { s.Network.Outbound[0].Destination = "units.example" }, "spec.network.outbound[0].destination: must be host:port"},
		"a route without policy":          {func(s *v1.Spec) { s.Network.Outbound[0].Policy = digest.SHA256{} }, "spec.network.outbound[0].policy: is required"},
		"a route without budget":          {func(s *v1.Spec) { s.Network.Outbound[0].MaxBytesOut = 0 }, "spec.network.outbound[0].maxBytesOut: is required"},
		"a route to an unpinned server":   {func(s *v1.Spec) { s.Network.Outbound[0].TLS = &v1.RouteTLS{ServerName: "units.example"} }, "spec.network.outbound[0].tls.ca: is required"},
		"a CA that is none":               {func(s *v1.Spec) { s.Network.Outbound[0].TLS = &v1.RouteTLS{CA: "x", ServerName: "units.example"} }, "spec.network.outbound[0].tls.ca: must be certificates in PEM"},
		"nobody to ask":                   {func(s *v1.Spec) { s.Governance.Consent = nil }, "spec.governance.consent: is required: at least 1"},
		"nobody to tell":                  {func(s *v1.Spec) { s.Governance.Audit = nil }, "spec.governance.audit: is required: at least 1"},
		"an operation that nobody covers": {func(s *v1.Spec) { s.Governance.Consent[0].Operations = s.Governance.Consent[0].Operations[1:] }, "spec.governance.consent: nobody is asked about room.open: nothing to ask is a no"},
		"an unknown operation":            {func(s *v1.Spec) { s.Governance.Consent[0].Operations[0] = "room.opened" }, `spec.governance.consent[0].operations[0]: "room.opened" is no operation (did you mean room.open?)`},
		"consent to an end": {func(s *v1.Spec) {
			s.Governance.Consent[0].Operations = append(s.Governance.Consent[0].Operations, "room.close")
		}, "spec.governance.consent[0].operations[8]: must be left out: room.close is recorded"},
		"an operation twice": {func(s *v1.Spec) {
			s.Governance.Consent[0].Operations = append(s.Governance.Consent[0].Operations, "room.open")
		}, "spec.governance.consent[0].operations[8]: room.open stands twice"},
		"operations of an audit endpoint":    {func(s *v1.Spec) { s.Governance.Audit[0].Operations = []string{"room.open"} }, "spec.governance.audit[0].operations: must be left out"},
		"an endpoint without time":           {func(s *v1.Spec) { s.Governance.Audit[0].Timeout = 0 }, "spec.governance.audit[0].timeout: is required"},
		"a ledger without answer key":        {func(s *v1.Spec) { s.Governance.Consent[0].AnswerKey = "" }, "spec.governance.consent[0].answerKey: is required"},
		"an answer key for httpapi":          {func(s *v1.Spec) { s.Governance.Audit[1].AnswerKey = key }, "spec.governance.audit[1].answerKey: must be left out"},
		"httpapi in clear on hardware":       {func(s *v1.Spec) { s.Platform = "snp" }, "spec.governance.audit[1].config.url: must begin with https://"},
		"httpapi without CA on hardware":     {func(s *v1.Spec) { s.Platform = "snp"; s.Governance.Audit[1].Config["url"] = "https://x" }, "spec.governance.audit[1].config.ca: is required"},
		"telemetry of nothing":               {func(s *v1.Spec) { s.Telemetry.Infrastructure.Signals = nil }, "spec.telemetry.infrastructure.signals: is required"},
		"an unknown signal":                  {func(s *v1.Spec) { s.Telemetry.Infrastructure.Signals[0] = "profiles" }, "spec.telemetry.infrastructure.signals[0]: must be metrics or traces or logs"},
		"telemetry without mode":             {func(s *v1.Spec) { s.Telemetry.Infrastructure.Mode = "" }, "spec.telemetry.infrastructure.mode: is required: trusted or open"},
		"trusted telemetry in clear":         {func(s *v1.Spec) { s.Telemetry.Infrastructure.Mode = "trusted" }, "spec.telemetry.infrastructure.endpoint: must begin with https:// in mode trusted"},
		"telemetry to an unpinned collector": {func(s *v1.Spec) { s.Telemetry.Infrastructure.Endpoint = "https://collector:4318" }, "spec.telemetry.infrastructure.ca: is required"},
		"telemetry with a password":          {func(s *v1.Spec) { s.Telemetry.Infrastructure.Endpoint = "http://a:b@collector" }, "spec.telemetry.infrastructure.endpoint: must have no user"},
		"logs in the open":                   {func(s *v1.Spec) { s.Telemetry.Application.Mode = "open" }, `spec.telemetry.application.mode: must be secure (got "open")`},
		"logs without end":                   {func(s *v1.Spec) { s.Telemetry.Application.Limit = 0 }, "spec.telemetry.application.limit: is required"},
		"no wall time":                       {func(s *v1.Spec) { s.Limits.WallTime = 0 }, "spec.limits.wallTime: is required"},
		"negative output":                    {func(s *v1.Spec) { s.Limits.BytesOut = -1 }, "spec.limits.bytesOut: must be more than 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spectest.Example(t)
			tc.change(s)
			err := spec.Validate(s)
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Validate = %v\nwant %q", err, tc.want)
			}
			if _, err := spec.Digest(s); fault.KindOf(err) != fault.Invalid {
				t.Errorf("Digest = %v, want invalid: what is not valid has no digest", err)
			}
		})
	}
}

func TestTheZeroSpecificationIsRefusedEverywhere(t *testing.T) {
	err := spec.Validate(&v1.Spec{})
	for _, want := range []string{"apiVersion", "name", "platform", "parties", "keyServices", "sources", "sinks", "application.image", "application.user", "application.resources.memory", "application.resources.cpus", "governance.consent", "governance.audit", "limits.wallTime", "limits.bytesOut"} {
		if err == nil || !strings.Contains(err.Error(), "spec."+want+": is required") {
			t.Errorf("Validate of the zero value does not require %s: %v", want, err)
		}
	}
	if err := spec.Validate(nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Validate(nil) = %v, want invalid", err)
	}
}

func TestOnlyNeededOperationsNeedConsent(t *testing.T) {
	s := spectest.Example(t)
	s.Network, s.Telemetry = v1.Network{}, v1.Telemetry{}
	s.Governance.Consent[0].Operations = []string{"room.open", "key.release", "data.present", "app.execute", "output.release"}
	if err := spec.Validate(s); err != nil {
		t.Errorf("Validate without routes and telemetry = %v", err)
	}
}

func TestKeysAreNotRepeatedInErrors(t *testing.T) {
	s := spectest.Example(t)
	s.Parties[0].SignKey = "c2VjcmV0IHByaXZhdGUga2V5IHBhc3RlZCBieSBtaXN0YWtl"
	if err := spec.Validate(s); err == nil || strings.Contains(err.Error(), s.Parties[0].SignKey[:10]) {
		t.Errorf("Validate = %v, want an error without what stands there", err)
	}
}

func TestPinnedServersAreAccepted(t *testing.T) {
	s := spectest.Example(t)
	ca := certificate(t)
	s.Platform = v1.PlatformSNP
	s.Network.Outbound[0].TLS = &v1.RouteTLS{CA: ca + ca, ServerName: "units.example"}
	s.Governance.Audit[1].Config = map[string]any{"url": "https://logbook.example", "ca": ca}
	s.Telemetry.Infrastructure.Endpoint, s.Telemetry.Infrastructure.CA, s.Telemetry.Infrastructure.Mode = "https://collector.example:4318", ca, "trusted"
	if err := spec.Validate(s); err != nil {
		t.Fatal(err)
	}
	s.Network.Outbound[0].TLS.CA = ca + "and more"
	if err := spec.Validate(s); err == nil || !strings.Contains(err.Error(), "tls.ca: must be certificates in PEM and nothing else") {
		t.Errorf("Validate with text after the certificate = %v", err)
	}
}

func certificate(t *testing.T) string {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pub, priv)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
