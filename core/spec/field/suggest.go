package field

import "fmt"

// DidYouMean returns " (did you mean X?)" for the candidate nearest to got, or
// "" when none is near.
func DidYouMean(got string, candidates []string) string {
	best, at := "", 1+len(got)/3
	for _, c := range candidates {
		if len(c)-len(got) > at || len(got)-len(c) > at {
			continue
		}
		if d := distance(got, c); d <= at && (best == "" || d < at) {
			best, at = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is Levenshtein's, in bytes, where a change of case costs nothing.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i]|0x20 != b[j]|0x20 {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
