package governance

import (
	"context"
	"crypto/sha256"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	tesseraapi "github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// checkpointInterval is tessera's shortest. Nobody waits for a checkpoint: an entry is
// durable before (about 2 ms with fsync), and a checkpoint is for those who check later.
const checkpointInterval = 100 * time.Millisecond

// ledger is the append-only log, in the format of c2sp.org/tlog-tiles. What it returned an
// index for is on disk.
type ledger struct {
	appender *tessera.Appender
	reader   tessera.LogReader
	shutdown func(context.Context) error
	cancel   context.CancelFunc
}

// openLedger opens or makes the log in dir.
func openLedger(dir string, signer note.Signer) (*ledger, error) {
	ctx, cancel := context.WithCancel(context.Background())
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(dir, logDir)})
	if err != nil {
		cancel()
		return nil, fault.New(fault.Internal, "governance.log", "%w", err)
	}
	opts := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(checkpointInterval).
		// One writer waits for each entry (see Service.commit), so waiting for a batch to
		// fill would only cost time.
		WithBatching(1, time.Millisecond)
	a, shutdown, reader, err := tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		cancel()
		return nil, fault.New(fault.Internal, "governance.log", "%w", err)
	}
	return &ledger{appender: a, reader: reader, shutdown: shutdown, cancel: cancel}, nil
}

// append returns b's index once it is durable. After an error it is not known whether b is
// in the log.
func (l *ledger) append(ctx context.Context, b []byte) (uint64, error) {
	i, err := l.appender.Add(ctx, tessera.NewEntry(b))()
	if err != nil {
		return 0, fault.New(fault.Unavailable, "governance.log", "%w", err)
	}
	return i.Index, nil
}

// each calls f with every entry, in order.
func (l *ledger) each(ctx context.Context, f func(index uint64, entry []byte) error) error {
	const op = "governance.log"
	size, err := l.reader.IntegratedSize(ctx)
	if err != nil {
		return fault.New(fault.Internal, op, "%w", err)
	}
	for r := range layout.Range(0, size, size) {
		raw, err := l.reader.ReadEntryBundle(ctx, r.Index, r.Partial)
		if err != nil {
			return fault.New(fault.Tampered, op, "entries from %d: %w", r.Index*layout.EntryBundleWidth, err)
		}
		hashes, err := l.reader.ReadTile(ctx, 0, r.Index, r.Partial)
		if err != nil {
			return fault.New(fault.Tampered, op, "hashes from %d: %w", r.Index*layout.EntryBundleWidth, err)
		}
		var bundle tesseraapi.EntryBundle
		if err := bundle.UnmarshalText(raw); err != nil {
			return fault.New(fault.Tampered, op, "entries from %d: %w", r.Index*layout.EntryBundleWidth, err)
		}
		if uint(len(bundle.Entries)) < r.N || uint(len(hashes)) < r.N*sha256.Size {
			return fault.New(fault.Tampered, op, "entries from %d: %d are there, want %d", r.Index*layout.EntryBundleWidth, len(bundle.Entries), r.N)
		}
		for i, e := range bundle.Entries[:r.N] {
			index := r.Index*layout.EntryBundleWidth + uint64(i)
			if string(tessera.NewEntry(e).LeafHash()) != string(hashes[i*sha256.Size:(i+1)*sha256.Size]) {
				return fault.New(fault.Tampered, op, "entry %d is not the one that was logged", index)
			}
			if err := f(index, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// close publishes a last checkpoint over all that was appended, and ends the log.
func (l *ledger) close(ctx context.Context) error {
	err := l.shutdown(ctx)
	l.cancel()
	if err != nil {
		return fault.New(fault.Internal, "governance.log", "last checkpoint: %w", err)
	}
	return nil
}
