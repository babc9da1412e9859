package bench

import (
	"encoding/json"
	"fmt"
	"io"
)

// Measure is one figure, and what stands beside it.
type Measure struct {
	Name  string  `json:"measure"`
	Unit  string  `json:"unit"`
	Ours  float64 `json:"ours"`
	Peer  string  `json:"peer,omitempty"` // what was measured beside it, in the same run
	Other float64 `json:"beside,omitempty"`
	Ratio float64 `json:"ratio,omitempty"` // ours by the peer's
	Limit float64 `json:"limit,omitempty"` // in the same unit, or of the ratio; 0 is none
	Of    string  `json:"of,omitempty"`    // what the limit is of: ofRatio, or empty for the figure
	Least bool    `json:"least,omitempty"` // the limit is a least, not a most
	Met   *bool   `json:"met,omitempty"`
	Lacks string  `json:"notMeasured,omitempty"` // why there is no figure; then there is no verdict either
	Note  string  `json:"note,omitempty"`
}

// ofRatio makes a limit one of the ratio to the peer, which is measured in the same run.
const ofRatio = "ratio"

// report prints measures as they are made: a line of a table, or an object.
type report struct {
	out    io.Writer
	json   bool
	headed bool
}

func (r *report) machine(text string) {
	if r.json {
		r.object(map[string]string{"machine": text})
		return
	}
	fmt.Fprintln(r.out, text)
}

func (r *report) object(v any) { _ = json.NewEncoder(r.out).Encode(v) } // a reader that left does not stop a measurement

func (r *report) add(m Measure) {
	if m.Other != 0 {
		m.Ratio = m.Ours / m.Other
	}
	verdict := ""
	if m.Limit != 0 && m.Lacks == "" {
		value := m.Ours
		if m.Of == ofRatio {
			value = m.Ratio
		}
		met := value <= m.Limit
		if m.Least {
			met = value >= m.Limit
		}
		m.Met = &met
		if verdict = "met"; !met {
			verdict = "MISSED"
		}
	}
	if r.json {
		r.object(m)
		return
	}
	if !r.headed {
		r.headed = true
		fmt.Fprintf(r.out, "\n%-44s %10s %10s %6s %12s  %-7s %s\n", "measure", "ours", "beside it", "ratio", "limit", "", "")
	}
	fmt.Fprintf(r.out, "%-44s %10s %10s %6s %12s  %-7s %s\n", m.Name, figure(m.Ours, m.Unit), figure(m.Other, m.Unit), ratio(m.Ratio), m.limit(), verdict, m.beside())
}

func figure(v float64, unit string) string {
	switch {
	case v == 0:
		return ""
	case v < 10 && v > -10:
		return fmt.Sprintf("%.2f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}

func ratio(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", v)
}

func (m Measure) limit() string {
	if m.Limit == 0 {
		return ""
	}
	sign := "≤ "
	if m.Least {
		sign = "≥ "
	}
	if m.Of == ofRatio {
		return fmt.Sprintf("%s%g×", sign, m.Limit)
	}
	return sign + figure(m.Limit, m.Unit)
}

func (m Measure) beside() string {
	switch {
	case m.Lacks != "":
		return "not measured: " + m.Lacks
	case m.Peer != "" && m.Note != "":
		return "beside: " + m.Peer + "; " + m.Note
	case m.Peer != "":
		return "beside: " + m.Peer
	}
	return m.Note
}
