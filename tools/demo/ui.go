package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// ui tells what happens: lines for a person, or one JSON object a line.
type ui struct {
	mu    sync.Mutex
	out   io.Writer
	json  bool
	begin time.Time
}

// step is one line of progress.
type step struct {
	Part    string  `json:"part"` // prepare, room, consumer, audit
	Step    string  `json:"step"`
	Millis  int64   `json:"millis"`
	Waiting int64   `json:"waitingMillis,omitempty"` // of these, for services outside the room
	Seconds float64 `json:"at"`                      // since the demo began
	Note    string  `json:"note,omitempty"`
	Failed  bool    `json:"failed,omitempty"`
}

// step shows s, which is just done.
func (u *ui) step(s step) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s.Seconds = time.Since(u.begin).Seconds()
	if u.json {
		_ = json.NewEncoder(u.out).Encode(s) // a reader that left does not stop the demo
		return
	}
	mark := "ok"
	if s.Failed {
		mark = "NO"
	}
	fmt.Fprintf(u.out, "%6.2f s  %-8s  %-2s  %-14s %7.0f ms  %s\n", s.Seconds, s.Part, mark, s.Step, float64(s.Millis), s.Note)
}

// say shows text to a person; data readers get the same in the summary.
func (u *ui) say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.json {
		fmt.Fprintf(u.out, format+"\n", args...)
	}
}

// timed runs f as one step of part.
func (u *ui) timed(part, name string, f func() (note string, err error)) error {
	t := time.Now()
	note, err := f()
	if err != nil {
		note = err.Error()
	}
	u.step(step{Part: part, Step: name, Millis: time.Since(t).Milliseconds(), Note: note, Failed: err != nil})
	return err
}

// Summary is the demo's last line with --json, and what a person reads at the end.
type Summary struct {
	Result    string    `json:"result"` // done, or the kind of the refusal
	Exit      int       `json:"exit"`
	Seconds   float64   `json:"seconds"`
	Accuracy  float64   `json:"accuracy"` // on held-back rows; 0 when there is no report
	Rows      int       `json:"rows"`     // held back
	Error     string    `json:"error,omitempty"`
	Fault     string    `json:"fault,omitempty"`
	Contract  string    `json:"contract,omitempty"`
	Policy    string    `json:"policy,omitempty"`
	Room      string    `json:"room,omitempty"`
	FirstMS   int64     `json:"firstInstructionMillis,omitempty"` // cleanroomd's start to the application's
	Events    int       `json:"auditEvents"`
	Calls     []Call    `json:"calls,omitempty"`
	Attempts  []Attempt `json:"attempts,omitempty"`
	Telemetry int64     `json:"telemetryBytes,omitempty"` // received by the collector
	Kept      string    `json:"kept,omitempty"`
}

// Call is one use of the declared API by the application.
type Call struct {
	URL    string `json:"url"`
	Status int    `json:"status"` // 403: policy refused
	Answer string `json:"answer"`
}

// Attempt is one thing that the application tried and could not do.
type Attempt struct {
	Name    string `json:"name"`
	Target  string `json:"target,omitempty"`
	Allowed bool   `json:"allowed"`
	Error   string `json:"error,omitempty"`
}

func (u *ui) summary(s Summary) {
	if u.json {
		u.mu.Lock()
		defer u.mu.Unlock()
		_ = json.NewEncoder(u.out).Encode(s)
		return
	}
	u.say("")
	if s.Error != "" {
		u.say("The room refused (%s, exit code %d): %s", s.Result, s.Exit, s.Error)
	} else {
		u.say("The institute opened the report that the audit names: accuracy %.3f on %d held-back patients.", s.Accuracy, s.Rows)
		blocked, through := 0, []string{}
		for _, a := range s.Attempts {
			if a.Allowed {
				through = append(through, a.Name)
			} else {
				blocked++
			}
		}
		for _, c := range s.Calls {
			u.say("The application called %s: %d %s", c.URL, c.Status, c.Answer)
		}
		u.say("The application tried %d ways out or around; %d were stopped.", len(s.Attempts), blocked)
		if len(through) > 0 {
			u.say("THROUGH: %s", strings.Join(through, ", "))
		}
		u.say("The audit trail holds %d events, signed by the room's attested key, none missing.", s.Events)
		u.say("Contract %s", s.Contract)
		u.say("First instruction %d ms after the room's start; %.1f s in all.", s.FirstMS, s.Seconds)
	}
	if s.Kept != "" {
		u.say("Everything is kept in %s", s.Kept)
	}
}
