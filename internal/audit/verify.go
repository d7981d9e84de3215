package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/leastkey/leastkey"
)

// ActionPrune is the action of the row that says through which number rows are kept no more. Its After
// is a [Pruned].
const ActionPrune = "audit.prune"

// Pruned is what a row of ActionPrune says.
type Pruned struct {
	Through leastkey.Revision `json:"through"`
}

// Entry is what is kept under one number of the log.
type Entry struct {
	Revision leastkey.Revision
	Leaf     []byte // nil: the row is not there, or cannot be read
	Fault    string // why it cannot be read
	Hashes   []Hash // stored with the row: its own first
}

// Finding is something that is not as it was written.
type Finding struct {
	Revision leastkey.Revision // the row; 0: the log as a whole
	Last     leastkey.Revision // the last of several rows; 0: one
	Message  string
}

// String is the finding as a line.
func (f Finding) String() string {
	switch {
	case f.Revision == 0:
		return f.Message
	case f.Last > f.Revision:
		return fmt.Sprintf("rows %d to %d: %s", f.Revision, f.Last, f.Message)
	default:
		return fmt.Sprintf("row %d: %s", f.Revision, f.Message)
	}
}

// MostFindings is how many findings are told one by one; those after them are counted.
const MostFindings = 1000

// Verifier looks at a log from its first row to its last, and finds what somebody changed.
type Verifier struct {
	checkpoints []Checkpoint
	next        leastkey.Revision
	made, kept  growing // by the rows as they are, and by the hashes as they are stored
	gone        []Finding
	changed     []altered
	pruned      leastkey.Revision
	rows        int
	findings    []Finding
	more        int
}

// NewVerifier compares with checkpoints too, as they were signed when the log was shorter.
func NewVerifier(checkpoints ...Checkpoint) *Verifier {
	v := &Verifier{next: 1, checkpoints: slices.Clone(checkpoints)}
	slices.SortFunc(v.checkpoints, func(a, b Checkpoint) int { return int(int64(a.Size) - int64(b.Size)) })
	v.compare()
	return v
}

func (v *Verifier) find(f Finding) {
	if len(v.findings) >= MostFindings {
		v.more++
		return
	}
	v.findings = append(v.findings, f)
}

// Add takes the entry that follows. Entries come in order, each once, those whose row and hashes are
// missing too.
func (v *Verifier) Add(e Entry) error {
	if e.Revision != v.next {
		return fmt.Errorf("audit: row %d comes where row %d should", e.Revision, v.next)
	}
	v.next++
	want := 1 + bits.TrailingZeros64(uint64(e.Revision))
	at := Finding{Revision: e.Revision}
	is, readable := v.row(e)
	switch {
	case len(e.Hashes) == 0 && !readable:
		at.Message = "it is missing, and so are its hashes"
		v.find(at)
	case len(e.Hashes) == 0:
		at.Message = "it has no hashes: it was put in, or its hashes were taken out"
		v.find(at)
	case !readable && e.Fault == "":
		v.missing(e.Revision)
	case !readable:
		at.Message = "it was changed, and cannot be read: " + e.Fault
		v.find(at)
	case is != e.Hashes[0]:
		v.alter(e)
	}
	if len(e.Hashes) > 0 && len(e.Hashes) != want {
		v.find(Finding{Revision: e.Revision, Message: fmt.Sprintf("%d hashes are stored with it, and not %d", len(e.Hashes), want)})
	}
	v.grow(e, is, readable)
	v.compare()
	return nil
}

// Fault takes, in words, what is wrong with how the log is kept, beside its entries.
func (v *Verifier) Fault(words string) { v.find(Finding{Message: words}) }

// AddLine takes the line of an export that follows. There are no hashes beside it: only a checkpoint
// tells whether lines are those that were written.
func (v *Verifier) AddLine(line []byte) error {
	if gone, ok := parseGone(line); ok {
		if gone.Revision != v.next {
			return fmt.Errorf("audit: row %d comes where row %d should", gone.Revision, v.next)
		}
		v.missing(gone.Revision)
		v.extend(gone.Hash)
		return nil
	}
	row, err := ParseLeaf(line)
	switch {
	case err != nil:
		return err
	case row.Revision != v.next:
		return fmt.Errorf("audit: row %d comes where row %d should", row.Revision, v.next)
	}
	h := tlog.RecordHash(line)
	v.row(Entry{Revision: row.Revision, Leaf: line, Hashes: []Hash{h}})
	v.extend(h)
	return nil
}

func (v *Verifier) extend(h Hash) {
	v.next++
	keep := func(_ int, computed Hash) Hash { return computed }
	v.made.add(h, keep)
	v.kept.add(h, keep)
	v.compare()
}

// Gone stands in an export for a row that is kept no more.
type Gone struct {
	Revision leastkey.Revision `json:"revision"`
	Hash     Hash              `json:"hash"`
}

func parseGone(line []byte) (Gone, bool) {
	var g Gone
	if json.Unmarshal(line, &g) != nil || g.Revision == 0 {
		return g, false
	}
	again, err := json.Marshal(g) // a row has more
	return g, err == nil && bytes.Equal(again, line)
}

// Line is the entry as a line of an export. It fails when the row cannot be read, or neither it nor
// its hash is there.
func (e Entry) Line() ([]byte, error) {
	switch {
	case e.Leaf != nil:
		return e.Leaf, nil
	case e.Fault != "":
		return nil, fmt.Errorf("audit: row %d cannot be read: %s", e.Revision, e.Fault)
	case len(e.Hashes) == 0:
		return nil, fmt.Errorf("audit: row %d is missing, and so is its hash", e.Revision)
	default:
		return json.Marshal(Gone{e.Revision, e.Hashes[0]})
	}
}

// row is the hash of the row, as it is.
func (v *Verifier) row(e Entry) (Hash, bool) {
	if e.Leaf == nil {
		return Hash{}, false
	}
	v.rows++
	h := tlog.RecordHash(e.Leaf)
	if row, err := ParseLeaf(e.Leaf); err == nil && row.Action == ActionPrune && row.Refused == "" && len(e.Hashes) > 0 && h == e.Hashes[0] {
		var said Pruned
		if json.Unmarshal(row.After, &said) == nil && said.Through < e.Revision {
			v.pruned = max(v.pruned, said.Through)
		}
	}
	return h, true
}

// altered is a row that is not the one that was hashed.
type altered struct {
	row   Row
	wrote Hash
}

// mostMoved bounds the rows of which Done tells whether they are one another's: each is compared with each.
const mostMoved = 100

func (v *Verifier) alter(e Entry) {
	if row, err := ParseLeaf(e.Leaf); err == nil && len(v.changed) <= mostMoved {
		v.changed = append(v.changed, altered{row, e.Hashes[0]})
	}
	v.find(Finding{Revision: e.Revision, Message: "it was changed: it is not the row that was written"})
}

// missing notes a row that is not there, of which Done tells whether it may be.
func (v *Verifier) missing(r leastkey.Revision) {
	if n := len(v.gone); n > 0 && v.gone[n-1].Last == r-1 {
		v.gone[n-1].Last = r
		return
	}
	v.gone = append(v.gone, Finding{Revision: r, Last: r})
}

// grow adds the row to both trees.
func (v *Verifier) grow(e Entry, is Hash, readable bool) {
	stored := is
	if len(e.Hashes) > 0 {
		stored = e.Hashes[0]
	}
	if !readable {
		is = stored
	}
	v.made.add(is, func(_ int, computed Hash) Hash { return computed })
	v.kept.add(stored, func(height int, computed Hash) Hash {
		if height >= len(e.Hashes) || e.Hashes[height] == computed {
			return computed
		}
		first := e.Revision + 1 - 1<<height
		v.find(Finding{Revision: first, Last: e.Revision, Message: "the hash over them is not that of their hashes: a row was changed together with its hash, or a hash was"})
		return e.Hashes[height]
	})
}

// compare looks at the checkpoints of the size that the log has by now.
func (v *Verifier) compare() {
	for len(v.checkpoints) > 0 && int64(v.checkpoints[0].Size) == v.made.size {
		if v.made.root() != v.checkpoints[0].Root {
			v.find(Finding{Message: fmt.Sprintf("the first %d rows are not those for which the checkpoint was signed: somebody rewrote them", v.made.size)})
		}
		v.checkpoints = v.checkpoints[1:]
	}
}

// Report is what a whole log is found to be.
type Report struct {
	Size     leastkey.Revision // the number of the last row
	Rows     int               // that are there and were looked at
	Pruned   leastkey.Revision // rows up to this one are kept no more, as the log itself says
	Root     Hash              // over the rows as they are
	Findings []Finding         // none: the log is whole
	More     int               // findings beyond those
}

// Done ends the log at size rows, which is how many were ever written.
func (v *Verifier) Done(size leastkey.Revision) Report {
	for _, g := range v.gone {
		if g.Last <= v.pruned {
			continue
		}
		g.Revision = max(g.Revision, v.pruned+1)
		g.Message = "missing, and no row says that so old ones are kept no more"
		v.find(g)
	}
	written := leastkey.Revision(v.made.size)
	switch {
	case size > written:
		v.find(Finding{Revision: written + 1, Last: size, Message: "missing: the log was cut off behind row " + fmt.Sprint(written)})
	case size < written:
		v.find(Finding{Revision: size + 1, Last: written, Message: fmt.Sprintf("the log says that it has %d rows, and these are behind them: they were put in", size)})
	}
	for _, c := range v.checkpoints {
		v.find(Finding{Message: fmt.Sprintf("the checkpoint is over %d rows, and there are %d: the log was cut off", c.Size, written)})
	}
	v.sayMoves()
	slices.SortStableFunc(v.findings, func(a, b Finding) int { return int(int64(a.Revision) - int64(b.Revision)) })
	return Report{Size: written, Rows: v.rows, Pruned: v.pruned, Root: v.made.root(), Findings: v.findings, More: v.more}
}

// sayMoves says of changed rows which stand where another was written.
func (v *Verifier) sayMoves() {
	if len(v.changed) > mostMoved {
		return
	}
	for _, is := range v.changed {
		for _, at := range v.changed {
			moved := is.row
			moved.Revision = at.row.Revision
			line, err := moved.Leaf()
			if moved.Revision == is.row.Revision || err != nil || tlog.RecordHash(line) != at.wrote {
				continue
			}
			i := slices.IndexFunc(v.findings, func(f Finding) bool { return f.Revision == is.row.Revision && f.Last == 0 })
			if i >= 0 {
				v.findings[i].Message = fmt.Sprintf("it is the row that was written as row %d: rows were reordered", moved.Revision)
			}
		}
	}
}
