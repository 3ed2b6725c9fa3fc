//go:build !linux

package virtio

import (
	"os"
	"syscall"
)

// ownVhost fails: vhost is Linux'.
func ownVhost(*os.File) error { return syscall.ENOTTY }
