package openapi

import (
	"regexp"
	"slices"
	"strings"
)

// segment is one step of a path.
type segment struct {
	text  string // fixed text, or {name}
	param string // the name as it is in the document; "" when this is no parameter
	odd   bool   // a catalogue cannot say it
}

var (
	fixedText = regexp.MustCompile(`^[A-Za-z0-9._~:@$+!,=-]+$`)
	paramText = regexp.MustCompile(`^\{([A-Za-z0-9_.-]*[A-Za-z][A-Za-z0-9_.-]*)\}$`)
)

// segmentsOf reads a path of the document. why says what keeps it from being a route.
func segmentsOf(path string) (segments []segment, why string) {
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		path, why = path[:at], "its path has a query or a fragment, by which no route can be told apart"
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), "/")
	if !ok {
		return nil, "its path is the base itself, for which there is no route"
	}
	names := map[string]bool{}
	for text := range strings.SplitSeq(rest, "/") {
		s := segment{text: text}
		switch m := paramText.FindStringSubmatch(text); {
		case m != nil:
			name := snake(m[1])
			if !wordName.MatchString(name) {
				name = "p_" + name
			}
			for names[name] {
				name += "_2"
			}
			names[name] = true
			s.text, s.param = "{"+name+"}", m[1]
		case text == "." || text == ".." || !fixedText.MatchString(text):
			s.odd = true
			if why == "" {
				why = "the segment " + shorten(text) + " is neither plain text nor one whole parameter"
			}
		}
		segments = append(segments, s)
	}
	return segments, why
}

// shape is the path with nameless parameters.
func shape(segments []segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		if s.param != "" {
			b.WriteString("{}")
		} else {
			b.WriteString(s.text)
		}
	}
	return b.String()
}

func route(segments []segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + s.text)
	}
	return b.String()
}

// outcome is which of two paths wins where both match.
type outcome uint8

const (
	apart outcome = iota // nothing matches both
	first                // the first is fixed wherever the second is, and elsewhere
	second
	tie
)

// compare says which of two paths a request that fits both belongs to. What a catalogue cannot say may be anything.
func compare(x, y []segment) outcome {
	if len(x) != len(y) {
		return apart
	}
	xWins, yWins := false, false
	for i := range x {
		xOpen, yOpen := x[i].param != "" || x[i].odd, y[i].param != "" || y[i].odd
		switch {
		case !xOpen && !yOpen && x[i].text != y[i].text:
			return apart
		case !xOpen && yOpen:
			xWins = true
		case xOpen && !yOpen:
			yWins = true
		}
	}
	switch {
	case xWins == yWins:
		return tie
	case xWins:
		return first
	default:
		return second
	}
}

// shapes knows every path of the document.
type shapes struct {
	ends  map[string]bool // a path, or one that goes on with fixed text
	above map[string]bool // something lies below
}

func shapesOf(ops []*operation) shapes {
	s := shapes{map[string]bool{}, map[string]bool{}}
	for _, op := range ops {
		for i := 1; i <= len(op.segments); i++ {
			key := shape(op.segments[:i])
			if i == len(op.segments) || op.segments[i].param == "" {
				s.ends[key] = true
			}
			if i < len(op.segments) {
				s.above[key] = true
			}
		}
	}
	return s
}

// hasParams reports whether any segment is a parameter.
func hasParams(segments []segment) bool {
	return slices.ContainsFunc(segments, func(s segment) bool { return s.param != "" })
}
