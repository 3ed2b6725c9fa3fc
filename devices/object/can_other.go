//go:build !linux

package object

import "syscall"

// rawCAN fails: only Linux has sockets for CAN buses.
func rawCAN() (int, error) { return -1, syscall.EAFNOSUPPORT }
