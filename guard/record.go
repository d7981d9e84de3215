package guard

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/leastkey/leastkey"
)

// Records are bytes without pointers: see package table. This is how what they have in common is
// written and read. Numbers are little-endian. What a reader reads was written here, so it has no
// errors; a record that is cut would panic, and never be read as another.
var le = binary.LittleEndian

// idSize is the size of a leastkey.ID in a record.
const idSize = len(leastkey.ID{})

// errTooLong is for a text or a list that no record holds.
var errTooLong = errors.New("guard: a text or a list that is too long")

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

// readText gives the bytes of a text, and what follows it.
func readText(from []byte) (text, rest []byte) {
	if n := from[0]; n < 0x80 { // most are short
		return from[1 : 1+int(n)], from[1+int(n):]
	}
	n, size := binary.Uvarint(from)
	return from[size : size+int(n)], from[size+int(n):]
}

// A stamp is an instant: seconds since 1970 and nanoseconds.
const stampSize = 12

func appendStamp(to []byte, t time.Time) []byte {
	to = le.AppendUint64(to, uint64(t.Unix()))
	return le.AppendUint32(to, uint32(t.Nanosecond()))
}

func readStamp(from []byte) time.Time {
	return time.Unix(int64(le.Uint64(from)), int64(le.Uint32(from[8:]))).UTC()
}

// before reports whether the instant at is before a stamp.
func before(at time.Time, stamp []byte) bool {
	seconds, nanos := int64(le.Uint64(stamp)), int(le.Uint32(stamp[8:]))
	if unix := at.Unix(); unix != seconds {
		return unix < seconds
	}
	return at.Nanosecond() < nanos
}

// size32 is a length that goes into 32 bits.
func size32(n int) (uint32, error) {
	if n > math.MaxInt32 {
		return 0, errTooLong
	}
	return uint32(n), nil
}
