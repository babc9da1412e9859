package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
)

func upTo(n int, last error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if last != nil {
			yield(0, last)
		}
	}
}

func TestResultsComeInOrder(t *testing.T) {
	const n = 4 * window
	var got []int
	first := make(chan struct{})
	err := inOrder(t.Context(), upTo(n, nil), func(_ context.Context, i int) (int, error) {
		if i == 0 {
			<-first // the others overtake it
		} else if i == window/2 {
			close(first)
		}
		return i, nil
	}, func(i int) error { got = append(got, i); return nil })
	if err != nil || len(got) != n || !slices.IsSorted(got) {
		t.Errorf("%d results, %v, in order: %v", len(got), err, slices.IsSorted(got))
	}
}

func TestTheFirstErrorInOrderIsTheOne(t *testing.T) {
	bad := func(i int) error { return fmt.Errorf("item %d", i) }
	later := make(chan struct{})
	for name, tc := range map[string]struct {
		items iter.Seq2[int, error]
		work  func(int) error
		done  func(int) error
		want  string
	}{
		"of work, not the one that came first": {items: upTo(100, nil), want: "item 3", work: func(i int) error {
			switch i {
			case 3:
				<-later
				return bad(i)
			case 5:
				close(later)
				return bad(i)
			}
			return nil
		}},
		"of the items": {items: upTo(10, errors.New("no more")), want: "no more"},
		"of done": {items: upTo(100, nil), want: "item 7", done: func(i int) error {
			if i == 7 {
				return bad(i)
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := inOrder(t.Context(), tc.items, func(_ context.Context, i int) (int, error) {
				if tc.work != nil {
					return i, tc.work(i)
				}
				return i, nil
			}, func(i int) error {
				if tc.done != nil {
					return tc.done(i)
				}
				return nil
			})
			if err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestWhatIsCancelledEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	err := inOrder(ctx, upTo(1<<40, nil), func(_ context.Context, i int) (int, error) {
		if i == 100 {
			cancel(why)
		}
		return i, nil
	}, func(int) error { return nil })
	if !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
}
