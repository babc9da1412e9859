package spec

import (
	"fmt"
	"slices"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// A DEK of 32 bytes under a KEK: at least nonce and tag (AES-GCM) or RFC 3394's 8 bytes more.
const leastWrapped, mostWrapped = 40, 1024

func (k *checker) checkParties() {
	list := k.s.Parties
	k.parties = k.declare(root+".parties", 1, namesOf(list, func(p v1.Party) string { return p.Name }))
	owner := map[string]int{}
	for i, p := range list {
		at := fmt.Sprintf("%s.parties[%d]", root, i)
		k.publicKey(at+".signKey", p.SignKey, "an Ed25519 public key")
		if p.SealKey != "" {
			k.publicKey(at+".sealKey", p.SealKey, "an X25519 public key")
		}
		if j, ok := owner[p.SignKey]; ok && p.SignKey != "" {
			k.Add(at+".signKey", "is already the key of %s.parties[%d]: each party votes with its own", root, j)
		}
		owner[p.SignKey] = i
	}
}

func (k *checker) checkKeyServices() {
	list := k.s.KeyServices
	k.keyServices = k.declare(root+".keyServices", 1, namesOf(list, func(s v1.KeyService) string { return s.Name }))
	for i, s := range list {
		at := fmt.Sprintf("%s.keyServices[%d]", root, i)
		k.refer(at+".party", s.Party, k.parties)
		k.pluginConfig(at, "keyservice", s.Plugin)
		k.publicKey(at+".answerKey", s.AnswerKey, "an Ed25519 public key")
		k.oneOf(at+".wrap", s.Wrap, v1.WrapHPKE, v1.WrapRSA)
	}
}

func (k *checker) checkSources() {
	list := k.s.Sources
	k.sources = k.declare(root+".sources", 1, namesOf(list, func(s v1.Source) string { return s.Name }))
	for i, s := range list {
		at := fmt.Sprintf("%s.sources[%d]", root, i)
		k.refer(at+".party", s.Party, k.parties)
		k.pluginConfig(at, "source", s.Plugin)
		k.sealing(at+".sealing", s)
	}
}

func (k *checker) sealing(at string, s v1.Source) {
	if k.refer(at+".keyService", s.Sealing.KeyService, k.keyServices) {
		i := slices.Index(k.keyServices.list, s.Sealing.KeyService)
		if owner := k.s.KeyServices[i].Party; owner != s.Party {
			k.Add(at+".keyService", "is %s's: a party's key waits at its own key service, and this source is %s's", owner, s.Party)
		}
	}
	if k.required(at+".key", s.Sealing.Key) && !identifier.MatchString(s.Sealing.Key) {
		k.Add(at+".key", "must be letters, digits and . _ - (got %.80q)", s.Sealing.Key)
	}
	k.base64(at+".wrappedDEK", s.Sealing.WrappedDEK, "a wrapped key", leastWrapped, mostWrapped)
	k.object(at+".manifest", s.Sealing.Manifest)
	if s.Sealing.ManifestDigest.IsZero() {
		k.Add(at+".manifestDigest", "is required: sha256: and 64 hex digits, as dataset publish printed it")
	}
	positive(k, at+".version", s.Sealing.Version)
}

func (k *checker) checkSinks() {
	list := k.s.Sinks
	k.sinks = k.declare(root+".sinks", 1, namesOf(list, func(s v1.Sink) string { return s.Name }))
	for i, s := range list {
		at := fmt.Sprintf("%s.sinks[%d]", root, i)
		k.pluginConfig(at, "sink", s.Plugin)
		k.oneOf(at+".mode", s.Mode, v1.ModeSecure)
		if len(s.Recipients) == 0 {
			k.Add(at+".recipients", "is required: at least one party with a sealKey")
		}
		for j, r := range s.Recipients {
			k.recipient(fmt.Sprintf("%s.recipients[%d]", at, j), r, s.Recipients[:j])
		}
	}
}

func (k *checker) recipient(at, name string, before []string) {
	if !k.refer(at, name, k.parties) {
		return
	}
	if slices.Contains(before, name) {
		k.Add(at, "%s stands twice", name)
	}
	if p := k.s.Parties[slices.Index(k.parties.list, name)]; p.SealKey == "" {
		k.Add(at, "%s has no sealKey: nothing can be sealed to it", name)
	}
}

// pluginConfig checks what the core can; the rest is the plugin's own to check.
func (k *checker) pluginConfig(at, kind string, p v1.Plugin) {
	k.plugin(at+".plugin", kind, p.Plugin)
	if p.Config == nil {
		k.Add(at+".config", "is required: {} when the plugin needs none")
	}
}
