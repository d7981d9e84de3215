// Package measure takes times and sums them up.
package measure

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the time that all threads of this process have run, which says what was done also where the machine is shared
// and the time on the wall says how busy others were.
func CPU() time.Duration {
	d, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		panic(err) // every Linux has it
	}
	return d
}

// CPUOf is the same of other processes, together.
func CPUOf(pids ...int) (sum time.Duration, err error) {
	for _, pid := range pids {
		// The clock of a process, as clock_getcpuclockid(3) makes its number.
		const sched = 2
		d, err := clock(int32(^pid)<<3 | sched) // #nosec G115 -- a pid has 22 bits
		if err != nil {
			return 0, fmt.Errorf("the time of process %d: %w", pid, err)
		}
		sum += d
	}
	return sum, nil
}

func clock(id int32) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}

// Cost is what it takes to ask for CPU, which is in every time that is taken with it.
func Cost() time.Duration {
	least := time.Hour
	for range 1000 {
		begin := CPU()
		least = min(least, CPU()-begin)
	}
	return least
}

// Resident is the memory that a process has in RAM at this moment, and the most that it has had.
func Resident(pid int) (now, most int64, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		switch name {
		case "VmRSS":
			now, err = strconv.ParseInt(kib, 10, 64)
		case "VmHWM":
			most, err = strconv.ParseInt(kib, 10, 64)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return now << 10, most << 10, nil
}
