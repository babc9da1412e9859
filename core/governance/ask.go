package governance

import "context"

// Ask asks for consent to all of rs without doing any of them, so that nothing is begun
// where something will be refused. A refusal is recorded. It allows nothing: Do asks again.
func (g *Gate) Ask(ctx context.Context, rs ...Request) error {
	for _, r := range rs {
		if err := r.check(); err != nil {
			return err
		}
		end, err := g.begin(ctx, r.Operation)
		if err != nil {
			return err
		}
		_, err = g.consent(ctx, r)
		end()
		if err != nil {
			g.refused(r, err)
			return err
		}
	}
	return nil
}
