package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func unavailable() error { return fault.New(fault.Unavailable, "store", "connection refused") }

func TestAStoreThatIsAway(t *testing.T) {
	for name, tc := range map[string]struct {
		away time.Duration
		want bool // it is read after all
	}{
		"for a moment is waited for": {50 * time.Millisecond, true},
		"for 60 s is waited for":     {60 * time.Second, true},
		"for two minutes is a fault": {2 * time.Minute, false},
		"for ever is a fault":        {1000 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, tries := time.Now(), 0
				err := Standard.Do(t.Context(), func(context.Context) error {
					if tries++; time.Since(begin) < tc.away {
						return unavailable()
					}
					return nil
				})
				if tc.want != (err == nil) {
					t.Errorf("Do = %v after %v and %d tries", err, time.Since(begin), tries)
				}
				if d := time.Since(begin); d > Standard.Patience {
					t.Errorf("Do took %v, want at most %v", d, Standard.Patience)
				}
				if tries > 40 {
					t.Errorf("asked %d times: that is no backoff", tries)
				}
			})
		})
	}
}

func TestAStoreThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := Standard.Do(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if d := time.Since(begin); fault.KindOf(err) != fault.Unavailable || d > Standard.Patience+Standard.Attempt {
			t.Errorf("Do = %v after %v", err, d)
		}
	})
}

type busy struct{ d time.Duration }

func (b busy) Error() string             { return "slow down" }
func (b busy) RetryAfter() time.Duration { return b.d }

func TestRetryAfterIsRespected(t *testing.T) {
	for name, tc := range map[string]struct {
		ask  time.Duration
		want bool
	}{
		"ten seconds are left alone":           {10 * time.Second, true},
		"more than our patience is not waited": {10 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				err := Standard.Do(t.Context(), func(context.Context) error {
					if at = append(at, time.Now()); len(at) == 1 {
						return fault.New(fault.Unavailable, "store", "%w", busy{tc.ask})
					}
					return nil
				})
				switch {
				case tc.want != (err == nil):
					t.Errorf("Do = %v after %d tries", err, len(at))
				case tc.want && at[1].Sub(at[0]) < tc.ask:
					t.Errorf("asked again after %v, told to wait %v", at[1].Sub(at[0]), tc.ask)
				case !tc.want && time.Since(at[0]) > 0:
					t.Errorf("waited %v for nothing", time.Since(at[0]))
				}
			})
		})
	}
}

func TestTheEndOfTheCallerIsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		begin := time.Now()
		if err := Standard.Do(ctx, func(context.Context) error { return unavailable() }); err == nil || time.Since(begin) != 3*time.Second {
			t.Errorf("Do = %v after %v, want an error after 3 s", err, time.Since(begin))
		}
	})
}

func TestNothingElseIsRepeated(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), fault.New(fault.Tampered, "a", "x"), fault.New(fault.Denied, "a", "x")} {
		n := 0
		if got := Standard.Do(t.Context(), func(context.Context) error { n++; return err }); n != 1 || !errors.Is(got, err) {
			t.Errorf("Do(%v) = %v after %d tries", err, got, n)
		}
	}
}
