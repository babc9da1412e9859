package main

import (
	"encoding/xml"
	"regexp"
	"strings"
)

// results keeps, by label and test, whether it failed anywhere. What only skipped is not in it.
type results map[[2]string]bool

func (r results) add(label, test string, failed bool) {
	k := [2]string{label, test}
	r[k] = r[k] || failed
}

func (r results) fail(label, test string, failed bool) {
	if failed {
		r.add(label, test, true)
	}
}

func (r results) count() (passed, failed int) {
	for _, bad := range r {
		if bad {
			failed++
		} else {
			passed++
		}
	}
	return passed, failed
}

// addXML takes the JUnit file that Bazel keeps of a test.
func (r results) addXML(label string, raw []byte) error {
	type testcase struct {
		Name    string    `xml:"name,attr"`
		Failure *struct{} `xml:"failure"`
		Error   *struct{} `xml:"error"`
		Skipped *struct{} `xml:"skipped"`
	}
	var suites struct {
		Suites []struct {
			Cases []testcase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(raw, &suites); err != nil {
		return err
	}
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.Skipped == nil {
				r.add(label, c.Name, c.Failure != nil || c.Error != nil)
			}
		}
	}
	return nil
}

var (
	verdict = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL): (\S+) \(`)
	skipped = regexp.MustCompile(`^\s*--- SKIP: (\S+) \(`)
	logged  = regexp.MustCompile(`^\s+\S+\.go:\d+: `)
)

// addOutput takes what a test binary printed under -test.v.
func (r results) addOutput(label string, out []byte) {
	for _, m := range verdict.FindAllSubmatch(out, -1) {
		r.add(label, string(m[2]), string(m[1]) == "FAIL")
	}
}

func failures(out []byte) (names []string) {
	for _, m := range verdict.FindAllSubmatch(out, -1) {
		if string(m[1]) == "FAIL" {
			names = append(names, string(m[2]))
		}
	}
	return names
}

// skips gives each skipped test with the line that it logged last, which is its reason.
func skips(out []byte) (reasons []string) {
	var last string
	for line := range strings.Lines(string(out)) {
		if logged.MatchString(line) {
			last = strings.TrimSpace(line)
		}
		if m := skipped.FindStringSubmatch(line); m != nil {
			reasons = append(reasons, m[1]+": "+last)
		}
	}
	return reasons
}
