package v1

import "slices"

// Operations are the privileged operations that consent is asked for, in the
// order of the room's stages (DESIGN §8). core/governance performs them. room.close
// is not among them: it is recorded, but ending a room needs nobody's consent.
func Operations() []string {
	return []string{
		"room.open", "key.release", "data.present", "app.execute", "api.egress",
		"output.release", "logs.export", "telemetry.export",
	}
}

// Needed returns those operations that a room under s performs. Each of them
// needs a consent endpoint that covers it.
func (s *Spec) Needed() []string {
	return slices.DeleteFunc(Operations(), func(op string) bool {
		switch op {
		case "api.egress":
			return len(s.Network.Outbound) == 0
		case "logs.export":
			return s.Telemetry.Application == nil
		case "telemetry.export":
			return s.Telemetry.Infrastructure == nil
		}
		return false
	})
}
