package virtio

import (
	"encoding/binary"
	"errors"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vhostuser"
	"github.com/qomd/qomd/qom"
)

const (
	fsTag      = 36 // bytes of the tag in the configuration
	fsConfig   = fsTag + 4
	mostQueues = 1024 // of a device
)

// FSProxy is what the PCI functions that carry an [FS] descend from.
const FSProxy = "vhost-user-fs-pci-base"

var kindFS = Kind{Name: "vhost-user-fs", ID: 26}

// FS is vhost-user-fs-device, VIRTIO 1.2 section 5.11: a shared folder whose
// server, virtiofsd, is at the other end of a character device. It comes into
// being with the server, has the features of that, and lets it go at unplug; but
// the guest's memory is not shared with it, so that a driver that starts the
// device finds it broken.
type FS struct {
	Device
}

// RealizeVirtio implements [Model].
func (f *FS) RealizeVirtio() error {
	tag, requests, size := f.StoredString("tag"), f.StoredUint("num-request-queues"), f.StoredUint("queue-size")
	switch {
	case !backed(&f.Object, "chardev"):
		return errors.New("missing chardev")
	case !f.HasStored("tag"):
		return errors.New("missing tag property")
	case tag == "":
		return errors.New("tag property cannot be empty")
	case len(tag) > fsTag:
		return errors.New("tag property must be 36 bytes or less")
	case requests == 0:
		return errors.New("num-request-queues property must be larger than 0")
	case size == 0 || size&(size-1) != 0:
		return errors.New("queue-size property must be a power of 2")
	case size > maxQueue:
		return errors.New("queue-size property must be 1024 or smaller")
	}
	var b *vhostuser.Backend
	if c, ok := qdev.BackendOf(&f.Object, "chardev").(qom.Instance); ok {
		b = vhostuser.Of(c.QOM())
	}
	if b == nil || requests >= mostQueues {
		return errNoBackEnd
	}
	f.offered &= b.Features
	f.AddQueue(int(size)) // of high priority
	for range requests {
		f.AddQueue(int(size))
	}
	return nil
}

// StatusChanged implements [StatusWatcher].
func (f *FS) StatusChanged(old, now uint8) {
	if now&^old&StatusDriverOK != 0 {
		f.Break("the guest's memory is not shared with the vhost-user back end")
	}
}

// ConfigSize implements [Configured].
func (f *FS) ConfigSize() int { return fsConfig }

// Config implements [Configured].
func (f *FS) Config(p []byte) {
	copy(p[:fsTag], f.StoredString("tag"))
	binary.LittleEndian.PutUint32(p[fsTag:], uint32(f.StoredUint("num-request-queues")))
}
