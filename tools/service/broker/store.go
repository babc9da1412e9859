package broker

import (
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Policy says to which rooms a key may go. Every field is required.
type Policy struct {
	HostData   digest.SHA256 `json:"hostData"`   // hash of the agreed CCE policy
	Platform   string        `json:"platform"`   // must be the broker's
	Contract   digest.SHA256 `json:"contract"`   // what the parties voted for
	MinimumTCB attest.TCB    `json:"minimumTCB"` // floor under the platform's firmware
}

// Listed is what may be told of a key.
type Listed struct {
	ID     string `json:"id"`
	Policy Policy `json:"policy"`
}

// keyID is what an identifier of a key may look like: safe in a path and a log.
var keyID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

// maxKeys bounds what a mistaken script can pile up.
const maxKeys = 1024

// store holds keys in memory. Its zero value is empty. Its methods may be called concurrently.
type store struct {
	mu   sync.Mutex
	keys map[string]entry // guarded by mu; an entry never changes
}

type entry struct {
	kek    *secret.Bytes
	policy Policy
}

// Import takes a KEK, which it then owns, with its release policy. An identifier
// is used once: a key's policy cannot be changed under the contract it was agreed
// for. Errors are Invalid and Denied; then the KEK is destroyed.
func (b *Broker) Import(id string, kek *secret.Bytes, p Policy) error {
	const op = "broker.import"
	err := b.checkImport(id, kek, p)
	if err == nil {
		err = b.keys.add(id, entry{kek, p})
	}
	if err != nil {
		kek.Destroy()
		return fault.Wrap(op, err)
	}
	b.Log.Info("key imported", "key", id, "contract", p.Contract.String(), "host_data", p.HostData.String())
	return nil
}

func (b *Broker) checkImport(id string, kek *secret.Bytes, p Policy) error {
	invalid := func(format string, args ...any) error { return fault.New(fault.Invalid, "key "+id, format, args...) }
	switch {
	case !keyID.MatchString(id):
		return fault.New(fault.Invalid, "key", "id: must be 1 to 128 of a-z, 0-9, '.', '_' and '-' (got %.140q)", id)
	case kek.Len() != keyrelease.KeySize:
		return invalid("kek: %d bytes, want %d", kek.Len(), keyrelease.KeySize)
	case p.HostData.IsZero():
		return invalid("policy.hostData: is required")
	case p.Contract.IsZero():
		return invalid("policy.contract: is required")
	case p.MinimumTCB == attest.TCB{}:
		return invalid("policy.minimumTCB: is required")
	case p.Platform != b.Platform:
		return invalid("policy.platform: must be %q at this broker (got %.40q)", b.Platform, p.Platform)
	}
	return nil
}

// Remove destroys a key. It is NotFound when there is none.
func (b *Broker) Remove(id string) error { return fault.Wrap("broker.remove", b.keys.remove(id)) }

// List tells which keys there are, sorted.
func (b *Broker) List() []Listed { return b.keys.list() }

// Close destroys all keys.
func (b *Broker) Close() {
	for _, k := range b.keys.list() {
		_ = b.keys.remove(k.ID) // gone already is as good
	}
}

func (s *store) add(id string, e entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.keys[id]; ok {
		return fault.New(fault.Denied, "key "+id, "is here already: remove it first, or use another id for another contract")
	}
	if len(s.keys) >= maxKeys {
		return fault.New(fault.Denied, "key "+id, "%d keys are here already", maxKeys)
	}
	if s.keys == nil {
		s.keys = map[string]entry{}
	}
	s.keys[id] = e
	return nil
}

func (s *store) find(id string) (entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.keys[id]
	if !ok {
		return entry{}, fault.New(fault.NotFound, "keys", "not here: keys are kept in memory and go with the broker's process")
	}
	return e, nil
}

func (s *store) remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.keys[id]
	if !ok {
		return fault.New(fault.NotFound, "keys", "%.140q is not here", id)
	}
	delete(s.keys, id)
	e.kek.Destroy() // a release that is using it ends first
	return nil
}

func (s *store) list() []Listed {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Listed{}
	for _, id := range slices.Sorted(maps.Keys(s.keys)) {
		all = append(all, Listed{id, s.keys[id].policy})
	}
	return all
}
