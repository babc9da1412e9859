// Package azstore is what the source and the sink for Azure Blob Storage share: their
// configuration, a container's client under the room's short-lived token, and the kinds of
// the service's errors. It never puts a token into an error.
package azstore

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Audience of the tokens: a shared access signature, as query string. An empty one means
// that the container can be used anonymously.
const Audience = "storage"

// Config is both plugins' configuration.
type Config struct {
	Endpoint  string `json:"endpoint"`  // of the account, such as https://account.blob.core.windows.net
	Container string `json:"container"` // name
	Prefix    string `json:"prefix"`    // of every object's blob name; may be empty
}

// name is how a container may be called (Microsoft: Naming and Referencing Containers).
var name = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`)

// Parse reads a configuration and says everything wrong with it.
func Parse(raw []byte) (Config, []sdk.Violation) {
	var c Config
	vs := sdk.DecodeConfig(raw, &c)
	add := func(field, what string) { vs = append(vs, sdk.Violation{Field: field, Description: what}) }
	u, err := url.Parse(c.Endpoint)
	switch {
	case c.Endpoint == "":
		add("endpoint", "is required")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		add("endpoint", "must be https://HOST[:PORT][/ACCOUNT]")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		add("endpoint", "must hold no user, query or fragment: the credential is not part of it")
	}
	if c.Container == "" {
		add("container", "is required")
	} else if !name.MatchString(c.Container) || len(c.Container) > 63 {
		add("container", "must be 3 to 63 lower-case letters, digits and single hyphens")
	}
	if len(c.Prefix) > 512 {
		add("prefix", "must be at most 512 bytes")
	}
	return c, vs
}

// Store is one container.
type Store struct {
	config Config
	tokens sdk.Tokens
	http   *http.Client

	mu     sync.Mutex
	client *container.Client // under the token last asked for; guarded by mu
	until  time.Time         // when to ask for another; guarded by mu
}

// Open makes a store of a configuration that Parse found nothing wrong with. It contacts
// nobody.
func Open(s sdk.Setup) (*Store, error) {
	c, vs := Parse(s.Config)
	if strings.HasPrefix(c.Endpoint, "http:") && !s.Simulated {
		vs = append(vs, sdk.Violation{Field: "endpoint", Description: "must begin with https: outside simulation"})
	}
	if len(vs) > 0 {
		return nil, sdk.Reject(vs...)
	}
	return &Store{config: c, tokens: s.Tokens, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 20 * time.Second,
			MaxIdleConnsPerHost:   128, // more than a mount reads at once
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true,
			ForceAttemptHTTP2:     true,
			WriteBufferSize:       64 << 10,
			ReadBufferSize:        64 << 10,
		}}}, nil
}

// Blob is the blob name of an object.
func (s *Store) Blob(object string) string { return s.config.Prefix + object }

// Object is the object name of a blob, if it is one.
func (s *Store) Object(blob string) (string, bool) { return strings.CutPrefix(blob, s.config.Prefix) }

// Container returns a client under a token that is still good.
func (s *Store) Container(ctx context.Context) (*container.Client, error) {
	const op = "azblob.token"
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.client != nil && now.Before(s.until) {
		return s.client, nil
	}
	token, expires, err := s.tokens(ctx, Audience)
	if err != nil {
		return nil, err
	}
	token = strings.TrimPrefix(token, "?")
	if _, err := url.ParseQuery(token); err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "the token is no query string")
	}
	at := strings.TrimSuffix(s.config.Endpoint, "/") + "/" + s.config.Container
	if token != "" {
		at += "?" + token
	}
	options := &container.ClientOptions{}
	options.Transport = s.http
	options.Telemetry = policy.TelemetryOptions{Disabled: true}
	// Short: whoever waits behind the room retries too, and knows for how long.
	options.Retry = policy.RetryOptions{MaxRetries: 2, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second}
	client, err := container.NewClientWithNoCredential(at, options)
	if err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "endpoint %s: cannot be used", s.config.Endpoint)
	}
	s.client, s.until = client, now.Add(time.Minute)
	if !expires.IsZero() {
		s.until = expires.Add(-time.Minute)
	}
	return client, nil
}
