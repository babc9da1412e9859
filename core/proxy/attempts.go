package proxy

import (
	"strings"
	"sync"
)

const (
	maxAttempts    = 256 // different ones kept; later ones are only counted
	maxDecisions   = 256 // kept; later ones only reach OnDecision
	maxDestination = 253 // bytes: the longest DNS name
)

// Kinds of Attempt.
const (
	AttemptTCP  = "tcp"  // a connection to an address that no route has
	AttemptDNS  = "dns"  // a name that no route has
	AttemptHTTP = "http" // a request on a route's address for another host
)

// Attempt is something the application tried to reach and could not. Destination
// is text that the application chose, made printable and cut to 253 bytes.
type Attempt struct {
	Kind, Destination string
	Count             uint64
}

// Decision is one answer about one message. Path is text that the application
// chose, without the query, cut to 253 bytes.
type Decision struct {
	Route, Method, Path, Phase string
	Allowed                    bool
	Rule                       string // which of ours decided, or the policy's own name for it
	Status                     int    // what the application was answered when refused
}

// journal keeps bounded lists. Its methods may be called concurrently.
type journal struct {
	onDecision func(Decision)

	mu        sync.Mutex // guards what follows
	attempts  []Attempt
	index     map[[2]string]int
	decisions []Decision
	dropped   uint64
}

func newJournal(onDecision func(Decision)) *journal {
	return &journal{onDecision: onDecision, index: map[[2]string]int{}}
}

func (j *journal) attempt(kind, destination string) {
	destination = printable(destination)
	j.mu.Lock()
	defer j.mu.Unlock()
	key := [2]string{kind, destination}
	if i, seen := j.index[key]; seen {
		j.attempts[i].Count++
		return
	}
	if len(j.attempts) >= maxAttempts {
		j.dropped++
		return
	}
	j.index[key] = len(j.attempts)
	j.attempts = append(j.attempts, Attempt{kind, destination, 1})
}

// decide hands a decision on before its answer goes out.
func (j *journal) decide(d Decision) {
	d.Path, d.Method = printable(d.Path), printable(d.Method)
	if j.onDecision != nil {
		j.onDecision(d)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.decisions) < maxDecisions {
		j.decisions = append(j.decisions, d)
	} else {
		j.dropped++
	}
}

func (j *journal) lists() ([]Attempt, []Decision, uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Attempt(nil), j.attempts...), append([]Decision(nil), j.decisions...), j.dropped
}

// printable keeps the application from writing lines or escapes into a log.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), maxDestination)]
}
