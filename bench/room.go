package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What ten million tokens take: of memory while everybody of that size is loaded, of disk for the database.
const (
	memoryOfTenMillion = 12 << 30
	diskOfTenMillion   = 24 << 30
	tenMillion         = 10_000_000
)

// lacks says why so many tokens do not fit into the memory and onto the disk that are free; empty: they do.
func lacks(tokens int, dir string) (why string) {
	if tokens < tenMillion {
		return ""
	}
	if free := memoryFree(); free < memoryOfTenMillion {
		return strconv.FormatInt(free>>30, 10) + " GB of memory are free"
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err == nil && int64(disk.Bavail)*disk.Bsize < diskOfTenMillion { // #nosec G115 -- blocks of a disk
		return strconv.FormatInt(int64(disk.Bavail)*disk.Bsize>>30, 10) + " GB of disk are free" // #nosec G115 -- as above
	}
	return ""
}

func memoryFree() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			n, err := strconv.ParseInt(kib, 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}
