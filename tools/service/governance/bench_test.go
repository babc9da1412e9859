package governance_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// BenchmarkRecord is one event made durable, with its receipt, without HTTP.
func BenchmarkRecord(b *testing.B) {
	north, dir := newParty(b, "north"), b.TempDir()
	if err := governance.Init(dir, register(north)); err != nil {
		b.Fatal(err)
	}
	s, err := governance.Open(b.Context(), dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(b.Context())
	spec, policy := []byte("{}"), []byte("policy")
	d := contractOf(b, spec, policy)
	act, err := api.Act{Kind: api.Propose, Party: "north", Counter: 1, Service: s.Info().Key, Contract: d, Specification: digest.Of(spec), Policy: digest.Of(policy)}.Sign(north.Key)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Act(b.Context(), api.Submission{Act: act, Specification: spec, Policy: policy}); err != nil {
		b.Fatal(err)
	}
	room := newParty(b, "room").Key
	e := core.Event{Contract: d, Room: "r", Phase: core.Intent, Operation: core.RoomOpen, Subject: "s"}
	for b.Loop() {
		e.Seq++
		signed, err := e.Sign(room)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Record(b.Context(), &governancev1.RecordRequest{Event: signed.Event, Signature: signed.Signature, RoomKey: room.Public().(ed25519.PublicKey)}); err != nil {
			b.Fatal(err)
		}
		e.Previous, e.Phase, e.Operation = signed.Digest(), core.Note, "note"
	}
}
