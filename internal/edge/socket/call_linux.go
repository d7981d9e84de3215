//go:build !race && !386 && !s390x

package socket

import (
	"syscall"
	"unsafe"
)

// Read reads what is there.
func Read(fd uintptr, p []byte) (int, error) { return call(syscall.SYS_READ, fd, p, 0) }

// Write writes what the kernel takes at once.
func Write(fd uintptr, p []byte) (int, error) { return call(syscall.SYS_WRITE, fd, p, 0) }

func peek(fd uintptr, p []byte) (int, error) {
	return call(syscall.SYS_RECVFROM, fd, p, syscall.MSG_PEEK)
}

func call(which, fd uintptr, p []byte, flags uintptr) (int, error) {
	for {
		n, _, failed := syscall.RawSyscall6(which, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0) // #nosec G103 -- the kernel takes bytes by their address
		switch failed {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, failed
		}
	}
}
