package chardev

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of tty_ioctl(4).
const (
	readTermios  = unix.TCGETS
	writeTermios = unix.TCSETS
)

// sendBreak is tcsendbreak(3).
func sendBreak(f *os.File) { ioctl(f, unix.TCSBRK, 0) }

// claimPort takes a parallel port, by PPCLAIM of linux/ppdev.h.
func claimPort(f *os.File) error { return ioctl(f, 0x708b, 0) }

// terminalPair makes a pseudo-terminal, pty(7).
func terminalPair() (master, slave *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0); err != nil {
		return nil, nil, err
	}
	var number, locked int32
	err = errors.Join(
		ioctl(master, unix.TIOCGPTN, uintptr(unsafe.Pointer(&number))),
		ioctl(master, unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&locked))))
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}
