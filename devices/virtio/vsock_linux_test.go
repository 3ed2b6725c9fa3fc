package virtio_test

import (
	"os"
	"testing"
)

// A vhost-vsock device takes the descriptor that it is given, and lets go of one
// that is no device of the kernel's. Where the kernel has one it comes and goes.
func TestVsock(t *testing.T) {
	r := newRig(t)
	var given *os.File
	r.env.Descriptor = func(name string) (*os.File, error) {
		var err error
		given, err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
		return given, err
	}
	_, err := r.add(`{"driver": "vhost-vsock-pci", "id": "v", "guest-cid": 7, "vhostfd": "fd0"}`)
	if err == nil || err.Error() != "vhost_set_owner failed: Inappropriate ioctl for device" {
		t.Errorf("a file that is no device: %v", err)
	}
	if given.Close() == nil {
		t.Error("it is still open")
	}
	const path = "/dev/vhost-vsock"
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err != nil {
		t.Skip(err)
	} else {
		f.Close()
	}
	r.env.Descriptor = func(string) (_ *os.File, err error) {
		given, err = os.OpenFile(path, os.O_RDWR, 0)
		return given, err
	}
	r.must(r.add(`{"driver": "vhost-vsock-pci", "id": "v", "guest-cid": 7, "vhostfd": "fd0"}`))
	if _, err := given.Stat(); err != nil {
		t.Errorf("it is closed: %v", err)
	}
}
