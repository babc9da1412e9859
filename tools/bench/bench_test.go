package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestMedian(t *testing.T) {
	for name, tc := range map[string]struct {
		in   []float64
		want float64
	}{
		"of one":            {[]float64{7}, 7},
		"of an odd number":  {[]float64{9, 1, 5}, 5},
		"of an even number": {[]float64{4, 1, 3, 2}, 2.5},
	} {
		t.Run(name, func(t *testing.T) {
			if got := median(tc.in); got != tc.want {
				t.Errorf("median(%v) = %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	for name, tc := range map[string]struct {
		m    Measure
		met  string // in JSON
		line string // in the table
	}{
		"at most, and is":      {Measure{Ours: 10, Limit: 10}, `"met":true`, "met"},
		"at most, and is more": {Measure{Ours: 11, Limit: 10}, `"met":false`, "MISSED"},
		"at least, and is":     {Measure{Ours: 10, Limit: 10, Least: true}, `"met":true`, "met"},
		"at least, and is not": {Measure{Ours: 9, Limit: 10, Least: true}, `"met":false`, "MISSED"},
		"by the peer":          {Measure{Ours: 3, Other: 2, Peer: "another"}, `"ratio":1.5`, "1.50"},
		"twice the peer, is":   {Measure{Ours: 4, Other: 2, Limit: 2, Of: ofRatio, Least: true}, `"met":true`, "≥ 2×"},
		"twice the peer, not":  {Measure{Ours: 3, Other: 2, Limit: 2, Of: ofRatio, Least: true}, `"met":false`, "MISSED"},
		"within the peer's":    {Measure{Ours: 1, Other: 2, Limit: 1, Of: ofRatio}, `"met":true`, "≤ 1×"},
		"no figure":            {Measure{Limit: 2, Lacks: "no peer here"}, `"notMeasured":"no peer here"`, "not measured: no peer here"},
	} {
		t.Run(name, func(t *testing.T) {
			var asJSON, table bytes.Buffer
			(&report{out: &asJSON, json: true}).add(tc.m)
			(&report{out: &table}).add(tc.m)
			if !json.Valid(asJSON.Bytes()) || !strings.Contains(asJSON.String(), tc.met) {
				t.Errorf("add(%+v) prints %s, want %s", tc.m, &asJSON, tc.met)
			}
			if !strings.Contains(table.String(), tc.line) {
				t.Errorf("add(%+v) prints %s, want %s", tc.m, &table, tc.line)
			}
		})
	}
}

func TestNoLimitIsNoVerdict(t *testing.T) {
	var out bytes.Buffer
	(&report{out: &out, json: true}).add(Measure{Ours: 1})
	if strings.Contains(out.String(), "met") {
		t.Errorf("a figure without a limit prints %s", &out)
	}
}

func TestNoFigureIsNoVerdict(t *testing.T) {
	var out bytes.Buffer
	(&report{out: &out, json: true}).add(Measure{Limit: 1, Lacks: "no peer here"})
	if strings.Contains(out.String(), "met") {
		t.Errorf("a measure that was not made prints %s", &out)
	}
}

func TestWhatItRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no run at all":    {Out: &bytes.Buffer{}},
		"an unknown group": {Out: &bytes.Buffer{}, Runs: 1, Only: []string{"speed"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Run(t.Context(), o); fault.KindOf(err) != fault.Usage {
				t.Errorf("Run(%+v) = %v, want Usage", o, err)
			}
		})
	}
}

func TestChildIsForThisProgramAlone(t *testing.T) {
	if err := Child(t.Context(), "read", []byte("{}")); fault.KindOf(err) != fault.Usage {
		t.Errorf("Child outside its namespaces = %v, want Usage", err)
	}
}

func TestFamily(t *testing.T) {
	parents := map[string]string{"4": "3", "3": "2", "2": "1", "9": "1", "7": "8", "8": "7"}
	for pid, want := range map[string]bool{"4": true, "2": true, "9": false, "7": false, "5": false} {
		if got := descends(parents, pid, "2"); got != want {
			t.Errorf("descends(%s from 2) = %v, want %v", pid, got, want)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	own, _, err := family(os.Getpid(), self)
	if err != nil || own <= 0 {
		t.Errorf("family(this process) = %v MiB, %v", own, err)
	}
	if mib, err := peak(strconv.Itoa(os.Getpid())); err != nil || mib < own {
		t.Errorf("peak(this process) = %v MiB, %v; want at least %v", mib, err, own)
	}
}
