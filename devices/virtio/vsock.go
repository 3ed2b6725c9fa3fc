package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/qomd/qomd/devices/object"
)

const (
	vsockPath   = "/dev/vhost-vsock"
	vsockQueue  = 128
	vsockConfig = 8 // the number of the guest
	leastGuest  = 3 // smaller numbers are the host's
)

var kindVsock = Kind{Name: "vhost-vsock", ID: 19}

// Vsock is vhost-vsock-device, VIRTIO 1.2 section 5.10: sockets between host and
// guest, which the host's kernel serves. It comes into being with the kernel's
// device, opened here or by whoever passes the descriptor (vhostfd), and lets go of
// it at unplug; but the guest's memory is not shared with the kernel, so that a
// driver that starts the device finds it broken.
type Vsock struct {
	Device
	kernel *os.File
}

// RealizeVirtio implements [Model].
func (v *Vsock) RealizeVirtio() error {
	switch cid := v.StoredUint("guest-cid"); {
	case cid < leastGuest:
		return errors.New("guest-cid property must be greater than 2")
	case cid > math.MaxUint32:
		return errors.New("guest-cid property must be a 32-bit number")
	}
	f, err := v.open()
	if err != nil {
		return err
	}
	if err := ownVhost(f); err != nil {
		f.Close()
		return fmt.Errorf("vhost_set_owner failed: %s", object.Strerror(err))
	}
	v.kernel = f
	for range 3 { // received, sent, events
		v.AddQueue(vsockQueue)
	}
	return nil
}

// open opens the kernel's device, or takes the descriptor that is one.
func (v *Vsock) open() (*os.File, error) {
	env := v.Env()
	if !v.HasStored("vhostfd") || env.Descriptor == nil {
		f, err := os.OpenFile(vsockPath, os.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("Could not open '%s': %s", vsockPath, object.Strerror(err))
		}
		return f, nil
	}
	name := v.StoredString("vhostfd")
	_, notNumber := strconv.ParseUint(name, 10, 31)
	if notNumber != nil && !env.Ready {
		return nil, fmt.Errorf("vhost-vsock: unable to parse vhostfd: Invalid file descriptor number '%s'", name)
	}
	f, err := env.Descriptor(name)
	switch {
	case err != nil && notNumber == nil:
		return nil, fmt.Errorf("Can't set file descriptor %s non-blocking: Bad file descriptor: Bad file descriptor", name)
	case err != nil:
		return nil, fmt.Errorf("vhost-vsock: unable to parse vhostfd: %w", err)
	}
	return f, nil
}

// ExitVirtio implements [Exiter].
func (v *Vsock) ExitVirtio() {
	if v.kernel != nil {
		v.kernel.Close()
		v.kernel = nil
	}
}

// StatusChanged implements [StatusWatcher].
func (v *Vsock) StatusChanged(old, now uint8) {
	if now&^old&StatusDriverOK != 0 {
		v.Break("the guest's memory is not shared with the host's kernel")
	}
}

// ConfigSize implements [Configured].
func (v *Vsock) ConfigSize() int { return vsockConfig }

// Config implements [Configured].
func (v *Vsock) Config(p []byte) { binary.LittleEndian.PutUint64(p, v.StoredUint("guest-cid")) }
