// Package v1 is version cleanroom/v1 of the specification: what a document may
// say. It holds shapes only; package spec decodes, defaults and validates them.
// Every field here is enforced by the room. What is not built has no field.
package v1

import "github.com/cleanroom-dev/cleanroom/core/digest"

// APIVersion is the only value of Spec.APIVersion.
const APIVersion = "cleanroom/v1"

// Platforms. There is no default.
const (
	PlatformSNP       = "snp"
	PlatformSimulated = "simulated"
)

// Modes in which data may leave through a proxy. There is no default.
const (
	ModeSecure  = "secure"  // only encrypted, to keys of the parties
	ModeTrusted = "trusted" // to a counterpart whose identity is pinned
	ModeOpen    = "open"    // clear, subject to policy
)

// Spec is the whole document.
type Spec struct {
	APIVersion  string       `json:"apiVersion"`
	Name        string       `json:"name"` // a DNS label
	Platform    string       `json:"platform"`
	Parties     []Party      `json:"parties"`
	KeyServices []KeyService `json:"keyServices"`
	Sources     []Source     `json:"sources"`
	Sinks       []Sink       `json:"sinks"`
	Application Application  `json:"application"`
	Network     Network      `json:"network"`
	Governance  Governance   `json:"governance"`
	Telemetry   Telemetry    `json:"telemetry"`
	Limits      Limits       `json:"limits"`
}

// Party takes part in the contract. Its keys are public.
type Party struct {
	Name    string `json:"name"`
	SignKey string `json:"signKey"`           // Ed25519 public key, base64, 32 bytes: votes and manifests
	SealKey string `json:"sealKey,omitempty"` // HPKE DHKEM(X25519) public key, base64, 32 bytes: needed of a recipient
}

// Plugin names a plugin and gives it its own configuration, which its plugin validates.
type Plugin struct {
	Plugin string         `json:"plugin"` // kind and name, such as source/azblob
	Config map[string]any `json:"config"`
}

// KeyService is where a party's KEK waits.
type KeyService struct {
	Name  string `json:"name"`
	Party string `json:"party"`
	Plugin
	AnswerKey string `json:"answerKey"` // Ed25519 public key, base64: signs its answers
	Wrap      string `json:"wrap"`      // how a released key comes: WrapHPKE or WrapRSA
}

// Ways in which a key comes out of a key service. A room has one wrapping key: RSA
// where any of its key services wants that.
const (
	WrapHPKE = "hpke"    // RFC 9180, X25519: a key is made in less than a millisecond
	WrapRSA  = "rsa-aes" // CKM_RSA_AES_KEY_WRAP, as Azure's secure key release has it: 0.1 to 0.6 s
)

// Source is a sealed dataset of one party.
type Source struct {
	Name  string `json:"name"`
	Party string `json:"party"`
	Plugin
	Sealing Sealing `json:"sealing"`
}

// Sealing says how a source's dataset is bound and where its key is.
type Sealing struct {
	KeyService     string        `json:"keyService"`
	Key            string        `json:"key"`        // KEK's identifier at the key service
	WrappedDEK     string        `json:"wrappedDEK"` // base64: the DEK under the KEK
	Manifest       string        `json:"manifest"`   // object name of the sealed manifest
	ManifestDigest digest.SHA256 `json:"manifestDigest"`
	Version        uint64        `json:"version"` // of the dataset; at least 1
}

// Sink is where sealed outputs, or logs, go.
type Sink struct {
	Name string `json:"name"`
	Plugin
	Mode       string   `json:"mode"`       // secure only: volumes leave encrypted
	Recipients []string `json:"recipients"` // parties with a sealKey; at least one
}

// Application is the untrusted program.
type Application struct {
	Runtime   Runtime           `json:"runtime"`
	Image     digest.SHA256     `json:"image"` // OCI manifest digest
	Command   []string          `json:"command"`
	Env       map[string]string `json:"env,omitempty"`
	User      uint32            `json:"user"` // not 0
	WorkDir   string            `json:"workDir"`
	Resources Resources         `json:"resources"`
	Inputs    []Input           `json:"inputs"`
	Outputs   []Output          `json:"outputs"`
}

// Runtime says what launches the application, who trusts it, and on what evidence.
type Runtime struct {
	Plugin string `json:"plugin"` // such as runtime/podman
	Trust  Trust  `json:"trust"`
}

// Trust is a statement of the parties, agreed with the contract.
type Trust struct {
	By       []string `json:"by"`       // every party
	Evidence string   `json:"evidence"` // measured: the runtime is part of the attested image
}

// Resources are hard limits. All are required.
type Resources struct {
	Memory    Size    `json:"memory"` // bytes
	CPUs      float64 `json:"cpus"`
	Pids      int64   `json:"pids"`
	OpenFiles uint64  `json:"openFiles"`
}

// Input presents a source's clear files, read-only, at a path of the application.
type Input struct {
	Source string `json:"source"`
	Path   string `json:"path"` // absolute
}

// Output is a private volume of the application that is sealed to a sink at commit.
type Output struct {
	Sink   string `json:"sink"`
	Path   string `json:"path"`   // absolute
	Size   Size   `json:"size"`   // bytes the volume can hold
	Object string `json:"object"` // prefix of the objects at the sink
}

// Network declares all the application may reach; it may be empty.
type Network struct {
	Outbound []Outbound `json:"outbound,omitempty"`
}

// Outbound is one HTTP API that the application may call through the proxy.
type Outbound struct {
	Name        string        `json:"name"`
	Host        string        `json:"host"`          // the name the application uses
	Port        uint16        `json:"port"`          // the port the application uses
	Destination string        `json:"destination"`   // host:port the room dials, or the same name
	TLS         *RouteTLS     `json:"tls,omitempty"` // set: https on both sides
	Policy      digest.SHA256 `json:"policy"`        // of the policy bundle's canonical bytes
	MaxBody     Size          `json:"maxBody"`       // bytes, per request and per response
	MaxRequests uint64        `json:"maxRequests"`   // for the whole run
	MaxBytesOut Size          `json:"maxBytesOut"`   // request bytes for the whole run
}

// RouteTLS pins whom an https route talks to.
type RouteTLS struct {
	CA         string `json:"ca"`         // PEM of the upstream's CA
	ServerName string `json:"serverName"` // SAN the upstream must present
}

// Governance lists who is asked and who keeps the record. Both need at least one.
type Governance struct {
	Consent []Endpoint `json:"consent"`
	Audit   []Endpoint `json:"audit"`
}

// Endpoint is one consent or audit endpoint.
type Endpoint struct {
	Name string `json:"name"`
	Plugin
	Operations []string `json:"operations,omitempty"` // of core/governance; an audit endpoint covers all: leave empty
	Timeout    Duration `json:"timeout"`              // for one question
	AnswerKey  string   `json:"answerKey,omitempty"`  // Ed25519, base64: required of signing backends (ledger), refused for httpapi
}

// Telemetry says what of the room's inside may be exported, and where to.
type Telemetry struct {
	Infrastructure *InfraTelemetry `json:"infrastructure,omitempty"`
	Application    *AppLogs        `json:"application,omitempty"`
}

// InfraTelemetry is the OTel signals of core and plugins.
type InfraTelemetry struct {
	Signals  []string `json:"signals"`      // metrics, traces, logs
	Endpoint string   `json:"endpoint"`     // OTLP over HTTP, such as https://collector:4318
	CA       string   `json:"ca,omitempty"` // PEM; required with https
	Mode     string   `json:"mode"`         // trusted (https with a pinned CA) or open
}

// AppLogs is the application's console, which leaves only sealed.
type AppLogs struct {
	Sink   string `json:"sink"`   // the name of a sink: sealed to its recipients
	Object string `json:"object"` // prefix at the sink
	Mode   string `json:"mode"`   // secure
	Limit  Size   `json:"limit"`  // bytes of stdout and stderr together; more stops the application
}

// Limits hold for the whole run. All are required.
type Limits struct {
	WallTime Duration `json:"wallTime"` // of the application
	BytesOut Size     `json:"bytesOut"` // all sealed outputs together: plaintext bytes of contents and paths
}
