package leastkey

import "hash/crc32"

const lowerHex = "0123456789abcdef"

// checksum is CRC-32 (IEEE) of a text in eight lower-case hex digits.
func checksum(text string) string {
	var sum [sumLength]byte
	for i := range sum {
		sum[i] = checksumDigit(crcOf(text), i)
	}
	return string(sum[:])
}

// isChecksum is checksum(text) == sum, without making a string of it.
func isChecksum(sum, text string) bool {
	if len(sum) != sumLength {
		return false
	}
	crc := crcOf(text)
	for i := range sumLength {
		if sum[i] != checksumDigit(crc, i) {
			return false
		}
	}
	return true
}

func checksumDigit(crc uint32, i int) byte { return lowerHex[crc>>(4*(sumLength-1-i))&0xf] }

// crcOf is crc32.ChecksumIEEE of a string where it stands: that one wants a slice, and has it on the
// heap, which is too dear on the way of every request. Eight bytes are taken at a time, as M. Kounavis
// and F. Berry describe ("slicing-by-8"). TestChecksum holds the one to the other.
func crcOf(s string) uint32 {
	crc := ^uint32(0)
	t := &crcTables
	for ; len(s) >= 8; s = s[8:] {
		crc ^= uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][crc>>24] ^
			t[3][s[4]] ^ t[2][s[5]] ^ t[1][s[6]] ^ t[0][s[7]]
	}
	for i := range len(s) {
		crc = crcTables[0][byte(crc)^s[i]] ^ crc>>8
	}
	return ^crc
}

// crcTables[k] is what a byte makes of the checksum when k bytes follow it.
var crcTables = func() (t [8][256]uint32) {
	t[0] = *crc32.IEEETable
	for k := 1; k < len(t); k++ {
		for b := range t[k] {
			before := t[k-1][b]
			t[k][b] = t[0][byte(before)] ^ before>>8
		}
	}
	return t
}()
