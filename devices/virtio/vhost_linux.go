package virtio

import (
	"os"

	"golang.org/x/sys/unix"
)

// vhostSetOwner is VHOST_SET_OWNER of linux/vhost.h.
const vhostSetOwner = 0xaf01

// ownVhost makes this process the one whom a vhost device of the kernel serves.
func ownVhost(f *os.File) error {
	_, err := unix.IoctlRetInt(int(f.Fd()), vhostSetOwner)
	return err
}
