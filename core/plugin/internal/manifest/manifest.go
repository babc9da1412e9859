// Package manifest is what a plugin says of itself: in plugin.json beside its binary and,
// the same, in Describe. It does not decide whether a host can use that plugin.
package manifest

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/strict"
	controlv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/control/v1"
)

// MaxSize bounds plugin.json, in bytes.
const MaxSize = 64 << 10

// Description says what a plugin is. Lists are sorted and without repeats.
type Description struct {
	Name           string   `json:"name"`           // kind and name, such as source/azblob
	Version        string   `json:"version"`        // of the plugin
	Services       []string `json:"services"`       // full gRPC service names
	Capabilities   []string `json:"capabilities"`   // what it can do beyond its services
	HostServices   []string `json:"hostServices"`   // needed of the host
	TokenAudiences []string `json:"tokenAudiences"` // that it will ask tokens for
}

var name = regexp.MustCompile(`^(source|sink|governance|keyservice|runtime)/[a-z][a-z0-9-]{0,62}$`)

// Parse reads plugin.json, strictly.
func Parse(b []byte) (Description, error) {
	var d Description
	if len(b) > MaxSize {
		return d, fmt.Errorf("plugin.json: larger than %d bytes", MaxSize)
	}
	if vs := strict.Decode(b, &d); len(vs) > 0 {
		return d, fmt.Errorf("plugin.json: %w", vs)
	}
	return d, d.Check()
}

// Check refuses a description that no plugin may have.
func (d Description) Check() error {
	if !name.MatchString(d.Name) {
		return fmt.Errorf("plugin.json: name: must be a kind and a name, such as source/mystore (got %.80q)", d.Name)
	}
	if d.Version == "" {
		return fmt.Errorf("plugin.json: version: is required")
	}
	if len(d.Services) == 0 {
		return fmt.Errorf("plugin.json: services: is required")
	}
	for _, list := range []struct {
		field string
		items []string
	}{{"services", d.Services}, {"capabilities", d.Capabilities},
		{"hostServices", d.HostServices}, {"tokenAudiences", d.TokenAudiences}} {
		for i, s := range list.items {
			if s == "" || i > 0 && list.items[i-1] >= s {
				return fmt.Errorf("plugin.json: %s[%d]: must be sorted, without repeats or empty names", list.field, i)
			}
		}
	}
	return nil
}

// Equal reports that both say the same.
func (d Description) Equal(o Description) bool {
	return d.Name == o.Name && d.Version == o.Version && slices.Equal(d.Services, o.Services) &&
		slices.Equal(d.Capabilities, o.Capabilities) && slices.Equal(d.HostServices, o.HostServices) &&
		slices.Equal(d.TokenAudiences, o.TokenAudiences)
}

// Proto is d as it crosses the wire.
func (d Description) Proto() *controlv1.DescribeResponse {
	return &controlv1.DescribeResponse{Name: d.Name, Version: d.Version, Services: d.Services,
		Capabilities: d.Capabilities, HostServices: d.HostServices, TokenAudiences: d.TokenAudiences}
}

// FromProto is the other way.
func FromProto(r *controlv1.DescribeResponse) Description {
	return Description{r.GetName(), r.GetVersion(), r.GetServices(), r.GetCapabilities(), r.GetHostServices(), r.GetTokenAudiences()}
}
