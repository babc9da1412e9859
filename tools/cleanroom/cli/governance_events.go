package cli

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// trail is the result of governance events.
type trail struct {
	Room     string            `json:"room"`
	Contract digest.SHA256     `json:"contract"`
	Key      []byte            `json:"key"`
	Closed   bool              `json:"closed"`
	Verified bool              `json:"verified"`
	Events   []json.RawMessage `json:"events"`
}

func newEventsCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "events [ROOM]", Short: "Show what a room did, or list all rooms",
		Long: `Show a room's trail of events; without ROOM list the rooms. With --verify: every event is signed
by the key that the room's own runtime data names, follows the one before, and is of one
contract; every intent has its outcome; the trail goes from room.open to room.close; and the
service signed a receipt for each. Exit code 6 when anything of it is not so, also when the room
has not closed.

That hardware vouches for the room's key is NOT verified here: the evidence is in the first
event. A trail is worth what that evidence is worth.`,
		Example: "  cleanroom governance events --service http://127.0.0.1:8080 --verify --contract sha256:… ROOM",
		Args: func(c *cobra.Command, got []string) error {
			if len(got) > 1 {
				return args("ROOM")(c, got)
			}
			return nil
		},
	}
	where, asJSON := serviceFlags(c), jsonFlag(c)
	verify := c.Flags().Bool("verify", false, "verify signatures, order, outcomes and receipts")
	contract := c.Flags().String("contract", "", "with --verify: the `contract` that the room must be under (default: whatever its first event says)")
	key := c.Flags().String("room-key", "", "the room's public event `key`, base64: says which is meant where two rooms share a name")
	c.RunE = func(c *cobra.Command, args []string) error {
		const op = "governance events"
		cl, err := where.connect(io, op)
		if err != nil {
			return err
		}
		defer cl.Close()
		if len(args) == 0 {
			rooms, err := cl.Rooms(c.Context())
			if err != nil {
				return err
			}
			return printRooms(io, rooms, *asJSON)
		}
		var want ed25519.PublicKey
		if *key != "" {
			if want, err = publicKey(op, "--room-key", *key); err != nil {
				return err
			}
		}
		t, err := cl.Events(c.Context(), args[0], want)
		if err != nil {
			return err
		}
		if *verify {
			if t.Room, err = verifyEvents(c, cl, t, args[0], *contract, want); err != nil {
				return err
			}
		}
		if *asJSON {
			return printTrailJSON(io, t, *verify)
		}
		return printTrail(io, t, *verify, *contract != "")
	}
	return c
}

// verifyEvents returns what the verified events say of their room, whatever the service did.
func verifyEvents(c *cobra.Command, cl *client.Client, t api.Trail, room, contract string, want ed25519.PublicKey) (api.Room, error) {
	const op = "governance events"
	bad := func(format string, args ...any) error { return fault.New(fault.Tampered, op, format, args...) }
	if len(t.Events) == 0 {
		return t.Room, bad("the trail is empty")
	}
	first, err := core.ParseEvent(t.Events[0].Event)
	if err != nil {
		return t.Room, bad("event 1: %w", err)
	}
	data, err := attest.ParseRuntimeData(first.RuntimeData)
	if err != nil {
		return t.Room, bad("event 1: runtime data: %w", err)
	}
	key, err := data.EventKey()
	if err != nil {
		return t.Room, bad("event 1: runtime data: %w", err)
	}
	agreed := first.Contract
	if contract != "" {
		if agreed, err = parseDigest(op, "--contract", contract); err != nil {
			return t.Room, err
		}
	}
	switch {
	case first.Room != room:
		return t.Room, bad("the trail is of room %s", first.Room)
	case want != nil && !bytes.Equal(key, want):
		return t.Room, bad("the runtime data names another key than --room-key")
	case data.Room != first.Room || !data.Contract.Equal(agreed):
		return t.Room, bad("the runtime data is of room %s under %s, want %s under %s", data.Room, data.Contract, first.Room, agreed)
	}
	if err := core.VerifyTrail(client.Signed(t), key, agreed); err != nil {
		return t.Room, err
	}
	info, err := cl.Info(c.Context())
	if err != nil {
		return t.Room, err
	}
	for i, e := range t.Events {
		if _, err := core.VerifyReceipt(e.Event, e.Receipt.Receipt, e.Receipt.Signature, info.Key); err != nil {
			return t.Room, bad("event %d: %w", i+1, err)
		}
	}
	return api.Room{Room: first.Room, Contract: agreed, Key: key, Closed: true, Events: uint64(len(t.Events))}, nil
}

func printRooms(io Streams, rooms []api.Room, asJSON bool) error {
	if asJSON {
		return printJSON(io, append([]api.Room{}, rooms...))
	}
	for _, r := range rooms {
		state := "open"
		if r.Closed {
			state = "closed"
		}
		if err := printf(io, "%s  %-6s  %d events  %s\n", r.Room, state, r.Events, r.Contract); err != nil {
			return err
		}
	}
	return nil
}

func printTrailJSON(io Streams, t api.Trail, verified bool) error {
	out := trail{Room: t.Room.Room, Contract: t.Room.Contract, Key: t.Room.Key, Closed: t.Room.Closed, Verified: verified}
	for _, e := range t.Events {
		out.Events = append(out.Events, e.Event)
	}
	return printJSON(io, out)
}

func printTrail(io Streams, t api.Trail, verified, pinned bool) error {
	for _, b := range t.Events {
		e, err := core.ParseEvent(b.Event)
		if err != nil {
			return fault.New(fault.Tampered, "governance events", "%w", err)
		}
		if err := printf(io, "%4d  %-17s %-7s  %s  %s\n", e.Seq, e.Operation, e.Phase, e.Subject, details(e.Details)); err != nil {
			return err
		}
	}
	if !verified {
		return printf(io, "not verified: --verify looks at signatures, order, outcomes and receipts\n")
	}
	under := "the contract that it names itself, " + t.Room.Contract.String()
	if pinned {
		under = "contract " + t.Room.Contract.String()
	}
	return printf(io, `verified: %d events from room.open to room.close, none missing, all signed by key %s,
under %s; a receipt of the service for each.
not verified: that hardware vouches for this key (the evidence is in event 1).
`, len(t.Events), b64(t.Room.Key), under)
}
