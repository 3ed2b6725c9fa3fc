package object

import "golang.org/x/sys/unix"

// rawCAN makes a socket for the frames of a CAN bus.
func rawCAN() (int, error) {
	return unix.Socket(unix.AF_CAN, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.CAN_RAW)
}
