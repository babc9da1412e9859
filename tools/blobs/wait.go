package blobs

import (
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Waited is how long the service may be silent before Options.Waiting is called.
const Waited = 2 * time.Second

// watch tells of a service that cannot be reached, or answers that it cannot serve: once, until
// it serves again. It is asked around every try of every request.
type watch struct {
	tell func()

	mu    sync.Mutex
	since time.Time // of the first try that failed, with none since that did not
	told  bool
}

// Do is of policy.Policy.
func (w *watch) Do(req *policy.Request) (*http.Response, error) {
	// A host that drops packets fails no try for long: no connection counts as silence too.
	silent := time.AfterFunc(Waited, w.say)
	ctx := httptrace.WithClientTrace(req.Raw().Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { silent.Stop() },
	})
	resp, err := req.WithContext(ctx).Next()
	silent.Stop()
	if ctx.Err() == nil {
		w.note(err == nil && !away(resp.StatusCode))
	}
	return resp, err
}

func (w *watch) note(serves bool) {
	w.mu.Lock()
	switch now := time.Now(); {
	case serves:
		w.since, w.told = time.Time{}, false
	case w.since.IsZero():
		w.since = now
	case now.Sub(w.since) >= Waited:
		defer w.say() // after the lock
	}
	w.mu.Unlock()
}

func (w *watch) say() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.told {
		w.told = true
		w.tell()
	}
}
