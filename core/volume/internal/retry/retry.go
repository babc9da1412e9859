// Package retry asks again for what was Unavailable, within bounds. It never
// repeats anything else.
package retry

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Policy says how often, and how patiently, an Unavailable answer is asked for again.
type Policy struct {
	Tries   int
	Attempt time.Duration // limit of one try
	Pause   time.Duration // before the second try; doubles, with jitter of a half
}

// Standard waits at most 1 s between its tries.
var Standard = Policy{Tries: 3, Attempt: 15 * time.Second, Pause: 200 * time.Millisecond}

// slowest is the least speed, in bytes a second, at which a store is still waited for.
const slowest = 1 << 20

// ForSize gives each try the time that n more bytes may take.
func (p Policy) ForSize(n int64) Policy {
	p.Attempt += time.Duration(n/slowest) * time.Second
	return p
}

// Do calls f until it succeeds, fails with something other than Unavailable, or
// the tries or ctx end.
func (p Policy) Do(ctx context.Context, f func(context.Context) error) error {
	pause := p.Pause
	for try := 1; ; try++ {
		err := p.once(ctx, f)
		if err == nil || ctx.Err() != nil || try == p.Tries || fault.KindOf(err) != fault.Unavailable {
			return err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause *= 2
	}
}

func (p Policy) once(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.Attempt)
	defer cancel()
	return f(ctx)
}
