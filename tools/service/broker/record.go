package broker

import (
	"os"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Decision is one line of a broker's own record of what it gave and refused.
type Decision struct {
	Time   string `json:"time"` // by the broker's clock, RFC 3339
	Key    string `json:"key"`
	Room   string `json:"room"`   // empty where no evidence vouches for it
	Result string `json:"result"` // released, or a kind of error
	Error  string `json:"error"`
}

// Record is an append-only file of decisions, one canonical JSON object a line.
// Its methods may be called concurrently.
type Record struct {
	mu sync.Mutex
	f  *os.File
}

// OpenRecord opens or makes the file at path.
func OpenRecord(path string) (*Record, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "broker.record", "%w", err)
	}
	return &Record{f: f}, nil
}

// Append returns when the decision is on disk.
func (r *Record) Append(d Decision) error {
	if len(d.Key) > 140 {
		d.Key = d.Key[:140] // a stranger's text is not kept without bound
	}
	if len(d.Error) > 1000 {
		d.Error = d.Error[:1000]
	}
	b, err := canonical.Marshal(d)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.f.Write(append(b, '\n')); err != nil {
		return err
	}
	return r.f.Sync()
}

// Close closes the file.
func (r *Record) Close() error { return r.f.Close() }
