// Package sdk is all that the author of a plugin imports. A plugin is one of five small
// interfaces and a plugin.json; Serve does the rest. A plugin gets ciphertext, names, its
// own configuration and short-lived tokens; it never gets a key, plaintext, or the
// specification. The sdk retries nothing: the host decides.
package sdk

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/manifest"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	keyservicev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/keyservice/v1"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
)

// Plugin is what every kind has. Describe and Validate may be called at any time, offline;
// Configure is called once, with a configuration that Validate found nothing wrong with,
// before any other method.
type Plugin interface {
	Describe() Description
	// Validate says everything wrong with a configuration; DecodeConfig does most of it.
	Validate(config []byte) []Violation
	Configure(ctx context.Context, s Setup) error
}

// Setup is what an instance gets to work with.
type Setup struct {
	Instance  string // the specification's name for it
	Config    []byte // JSON, validated
	Simulated bool   // only where true may an endpoint be plain http
	Tokens    Tokens
	Log       *slog.Logger // to the host's log; no secrets, no object contents
}

// Tokens asks the host for a short-lived credential of one audience, which plugin.json must
// list. An empty token means: use none. A zero expires means: not known; ask again soon.
type Tokens func(ctx context.Context, audience string) (token string, expires time.Time, err error)

// Source gives read access to named, immutable objects. Methods may be called concurrently.
type Source interface {
	Plugin
	// Stat returns the current version of name. NotFound if there is none.
	Stat(ctx context.Context, name string) (Info, error)
	// List yields the objects whose names begin with prefix, in any order; an error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Open returns exactly n bytes from off on, of the version etag and no other: Tampered
	// if that is not the current one. An etag of AnyVersion asks for the current one, and
	// Info says which that is. The range is inside the object, else Invalid.
	Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, Info, error)
}

// Sink takes named objects. Methods may be called concurrently.
type Sink interface {
	Plugin
	// Put stores size bytes of body as name: durable and visible whole when it returns, or
	// not at all. If c does not hold it returns ErrCondition, wrapped, and changes nothing.
	Put(ctx context.Context, name string, size int64, body io.Reader, c Condition) (Info, error)
	Stat(ctx context.Context, name string) (Info, error)
	// Delete removes the version o.ETag of o.Name and no other.
	Delete(ctx context.Context, o Info) error
}

// Governance asks a backend for consent and has it keep the record. One that serves only
// one of the two answers Denied to the other.
type Governance interface {
	Plugin
	Consent(ctx context.Context, r *ConsentRequest) (*ConsentResponse, error)
	Record(ctx context.Context, r *RecordRequest) (*RecordResponse, error)
}

// KeyService releases a wrapped key for evidence.
type KeyService interface {
	Plugin
	Release(ctx context.Context, r *ReleaseRequest) (*ReleaseResponse, error)
}

// Runtime launches the application.
type Runtime interface {
	Plugin
	Prepare(ctx context.Context, r *PrepareRequest) (*PrepareResponse, error)
	Start(ctx context.Context, r *StartRequest) (*StartResponse, error)
	Wait(ctx context.Context, r *WaitRequest) (*WaitResponse, error)
	Stop(ctx context.Context, r *StopRequest) (*StopResponse, error)
}

// What methods take and give. The messages are documented in core/plugin/proto.
type (
	Description = manifest.Description
	Info        = object.Info
	Condition   = object.Condition

	ConsentRequest  = governancev1.ConsentRequest
	ConsentResponse = governancev1.ConsentResponse
	RecordRequest   = governancev1.RecordRequest
	RecordResponse  = governancev1.RecordResponse
	ReleaseRequest  = keyservicev1.ReleaseRequest
	ReleaseResponse = keyservicev1.ReleaseResponse
	PrepareRequest  = runtimev1.PrepareRequest
	PrepareResponse = runtimev1.PrepareResponse
	StartRequest    = runtimev1.StartRequest
	StartResponse   = runtimev1.StartResponse
	WaitRequest     = runtimev1.WaitRequest
	WaitResponse    = runtimev1.WaitResponse
	StopRequest     = runtimev1.StopRequest
	StopResponse    = runtimev1.StopResponse
	Mount           = runtimev1.Mount
)

// Decisions of a governance backend. Anything but Granted is a no.
const (
	Undecided = governancev1.Decision_DECISION_UNSPECIFIED
	Refused   = governancev1.Decision_DECISION_REFUSED
	Granted   = governancev1.Decision_DECISION_GRANTED
)

// AnyVersion in place of an ETag asks for whichever version is current.
const AnyVersion = object.AnyVersion

// ErrCondition is wrapped by a sink's error that says: the condition does not hold.
var ErrCondition = data.ErrCondition
