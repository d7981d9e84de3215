package report

import (
	"fmt"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
)

// inShort is for whoever wants one answer: of what was measured, what costs what.
func (r Results) inShort() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if few, many := r.row(contender.Leastkey, thousand), r.row(contender.Leastkey, million); few != nil && many != nil {
		say("**A decision** takes %s among a thousand tokens and %s among a million. Hashing the secret and looking it up, without which there is none (*the floor*), take %s and %s.",
			micros(few.CPU.Median), micros(many.CPU.Median), r.micros(contender.Floor, thousand), r.micros(contender.Floor, million))
		say("**A token** takes %.0f B of a node's memory.", many.PerToken)
	}
	if one, ten := r.start(million), r.start(tenMillion); one != nil && ten != nil {
		say("**A start** takes %.1f s with a million tokens, and %.0f s with ten.", one.Wall.Seconds(), ten.Wall.Seconds())
	}
	if ours, ok := r.Chain.Row(chain.RowEndpointOurs); ok {
		say("**Forward-auth** takes %s for a question, all told; %s for nginx and Leastkey together.", micros(ours.CPU.Median), r.chainMicros(chain.RowNginxOurs))
	}
	if ours, ok := r.Chain.Row(chain.RowGateway); ok {
		say("**The gateway** takes %s for a request with a small answer, the API behind it included; nginx that asks a server which does nothing takes %s, `httputil.ReverseProxy` without a decision %s.",
			micros(ours.CPU.Median), r.chainMicros(chain.RowNginxHTTPTo), r.chainMicros(chain.RowReverse))
	}
	return all
}

func (r Results) micros(name string, tokens int) string {
	if row := r.row(name, tokens); row != nil {
		return micros(row.CPU.Median)
	}
	return "(not measured)"
}

func (r Results) chainMicros(name string) string {
	if row, ok := r.Chain.Row(name); ok {
		return micros(row.CPU.Median)
	}
	return "(not measured)"
}
