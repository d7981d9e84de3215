package measure

import (
	"slices"
)

// Summary is what came out of several rounds: the median, and between what the middle half of them lay.
type Summary struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Rounds int     `json:"rounds"`
}

// Summarize sums up rounds. Of none it is zero.
func Summarize(rounds []float64) Summary {
	if len(rounds) == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(rounds))
	return Summary{Median: quantile(sorted, 0.5), Low: quantile(sorted, 0.25), High: quantile(sorted, 0.75), Rounds: len(sorted)}
}

// Ratios divides round by round: what slowed both in one round is not in their ratio.
func Ratios(of, to []float64) []float64 {
	n := min(len(of), len(to))
	all := make([]float64, 0, n)
	for i := range n {
		if to[i] > 0 {
			all = append(all, of[i]/to[i])
		}
	}
	return all
}

// quantile lies between two values where it must.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
