//go:build !race

package socket

import (
	"syscall"
	"unsafe"
)

// Read reads what is there.
func Read(fd uintptr, p []byte) (int, error) { return call(syscall.SYS_READ, fd, p) }

// Write writes what the kernel takes at once.
func Write(fd uintptr, p []byte) (int, error) { return call(syscall.SYS_WRITE, fd, p) }

func call(which, fd uintptr, p []byte) (int, error) {
	for {
		n, _, failed := syscall.RawSyscall(which, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))) // #nosec G103 -- the kernel takes bytes by their address
		switch failed {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, failed
		}
	}
}
