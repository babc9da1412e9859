// Package policytest gives tests an images.lock that has all that the example of
// spectest needs. Its digests are of nothing. It is for tests alone.
package policytest

import (
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

// Of is the digest of a text, for digests that stand for anything.
func Of(s string) digest.SHA256 { return digest.Of([]byte(s)) }

// Lock returns the lock; each call returns its own.
func Lock() *policy.Lock {
	l := &policy.Lock{Images: []policy.Image{
		{Name: "app", Manifest: Of("app manifest"), Config: Of("app config"), DiffIDs: []digest.SHA256{Of("app diff")}, VerityRoots: []string{Of("app root").Hex()}},
		{Name: "cleanroomd", Manifest: Of("manifest"), Config: Of("config"),
			DiffIDs:     []digest.SHA256{Of("base diff"), Of("top diff")},
			VerityRoots: []string{Of("base root").Hex(), Of("top root").Hex()}},
	}}
	for _, name := range []string{
		"cleanroomd", "plugin/governance/httpapi", "plugin/governance/ledger", "plugin/keyservice/broker",
		"plugin/runtime/podman", "plugin/sink/azblob", "plugin/source/azblob",
	} {
		l.Binaries = append(l.Binaries, policy.Binary{Name: name, SHA256: Of(name)})
	}
	return l
}
