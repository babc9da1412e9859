// Package retry asks again for what was Unavailable, within bounds. It never
// repeats anything else. Of everything between a volume and its store only this
// package retries reads: the plugin for Azure passes each answer on at once.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Policy says how patiently an Unavailable answer is asked for again. Its zero
// value asks once, without a limit.
type Policy struct {
	Patience time.Duration // from the first question to the last answer
	Attempt  time.Duration // limit of one try
	Pause    time.Duration // before the second try; doubles up to 5 s, with jitter of a half
}

// Standard outlasts a store that is away for a minute.
var Standard = Policy{Patience: 75 * time.Second, Attempt: 15 * time.Second, Pause: 100 * time.Millisecond}

const longest = 5 * time.Second // pause, unless the store asks for more

// slowest is the least speed, in bytes a second, at which a store is still waited for.
const slowest = 1 << 20

// ForSize gives each try, and all of them, the time that n more bytes may take.
func (p Policy) ForSize(n int64) Policy {
	more := time.Duration(n/slowest) * time.Second
	p.Attempt += more
	p.Patience += more
	return p
}

// Do calls f until it succeeds, fails with something other than Unavailable, or
// patience or ctx end. An error that knows how long the store wants to be left
// alone (RetryAfter, RFC 9110, 10.2.3) is not asked about before.
func (p Policy) Do(ctx context.Context, f func(context.Context) error) error {
	end := time.Now().Add(p.Patience)
	for pause := p.Pause; ; pause = min(2*pause, longest) {
		err := p.once(ctx, f)
		if err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Unavailable {
			return err
		}
		wait := max(pause/2+rand.N(max(pause, 1)), after(err))
		if time.Now().Add(wait).After(end) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func (p Policy) once(ctx context.Context, f func(context.Context) error) error {
	if p.Attempt > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.Attempt)
		defer cancel()
	}
	return f(ctx)
}

func after(err error) time.Duration {
	var hint interface{ RetryAfter() time.Duration }
	if errors.As(err, &hint) {
		return hint.RetryAfter()
	}
	return 0
}
