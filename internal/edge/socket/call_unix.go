//go:build unix && (!linux || race || 386 || s390x)

package socket

// On 386 and s390x to look is no system call of its own. The detector of races takes what one goroutine
// sends and another receives for order between them, and sees that in these calls alone.

import "syscall"

// Read reads what is there.
func Read(fd uintptr, p []byte) (int, error) { return again(syscall.Read, fd, p) }

// Write writes what the kernel takes at once.
func Write(fd uintptr, p []byte) (int, error) { return again(syscall.Write, fd, p) }

func peek(fd uintptr, p []byte) (int, error) {
	return again(func(fd int, p []byte) (int, error) {
		n, _, err := syscall.Recvfrom(fd, p, syscall.MSG_PEEK)
		return n, err
	}, fd, p)
}

func again(call func(int, []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		if n, err := call(int(fd), p); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
