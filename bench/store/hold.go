package store

import "modernc.org/libc"

// hold keeps one block of each size that SQLite takes, until what it gives is called. The allocator below SQLite hands a page back to the kernel as soon as nothing
// is on it, and with one block that comes and goes on a page of its own that is two system calls each time: a third of what filling takes.
func hold() (free func()) {
	thread := libc.NewTLS()
	var blocks []uintptr
	for size := 16; size <= 32<<10; size *= 2 {
		blocks = append(blocks, libc.Xmalloc(thread, libc.Tsize_t(size)))
	}
	return func() {
		for _, b := range blocks {
			libc.Xfree(thread, b)
		}
		thread.Close()
	}
}
