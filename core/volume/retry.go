package volume

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// policy says how often, and how patiently, an Unavailable answer is asked for again.
type policy struct {
	tries   int
	attempt time.Duration // limit of one try
	pause   time.Duration // before the second try; doubles, with jitter of a half
}

// standard waits at most 1 s between its tries.
var standard = policy{tries: 3, attempt: 15 * time.Second, pause: 200 * time.Millisecond}

// slowest is the least speed, in bytes a second, at which a store is still waited for.
const slowest = 1 << 20

// forSize gives each try the time that n more bytes may take.
func (p policy) forSize(n int64) policy {
	p.attempt += time.Duration(n/slowest) * time.Second
	return p
}

// do calls f until it succeeds, fails with something other than Unavailable, or
// the tries or ctx end.
func (p policy) do(ctx context.Context, f func(context.Context) error) error {
	pause := p.pause
	for try := 1; ; try++ {
		err := p.once(ctx, f)
		if err == nil || ctx.Err() != nil || try == p.tries || fault.KindOf(err) != fault.Unavailable {
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

func (p policy) once(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.attempt)
	defer cancel()
	return f(ctx)
}
