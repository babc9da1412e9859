package sealing

import (
	"context"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// From is Files of a Tree that is not in a folder. Nobody changes it meanwhile.
func (b *Batch) From(ctx context.Context, from Tree, limit int64, dek *secret.Bytes, associated func(path string) []byte) ([]sealed.Entry, error) {
	t := &tree{from}
	files, err := t.files(limit, b.Paths)
	if err != nil {
		return nil, err
	}
	return b.all(ctx, t, files, dek, associated)
}
