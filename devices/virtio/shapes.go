package virtio

import (
	"encoding/binary"
	"errors"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// generics are the kinds of devices without a function here: what a driver
// finds of them, and what QEMU 11.1 demands of their properties. Those of vhost
// have their function in another process or in the host's kernel, which is not
// there: they are refused as QEMU refuses them without it.
var generics = []struct {
	proxy, backend string
	kind           Kind
	shape          shape
}{
	{"virtio-gpu-pci-base-type", "virtio-gpu-device", kindGPU, gpuShape},
	{"virtio-vga-base-type", "virtio-gpu-device", kindGPU, gpuShape},
	{"virtio-iommu-pci-base-type", "virtio-iommu-device", Kind{Name: "virtio-iommu", ID: 23}, shape{
		queues: []int{256, 256}, bits: []uint{0, 1, 2, 4, 5, 6}, config: 40, fill: fillIOMMU}},
	{"virtio-rtc-pci-base", "virtio-rtc-device", Kind{Name: "virtio-clk", ID: 17}, shape{queues: []int{64}}},
	{"virtio-crypto-pci-base-type", "virtio-crypto-device", Kind{Name: "virtio-crypto", ID: 20}, shape{
		queues: []int{1024, 1024}, config: 56, fill: fillCrypto, check: needLink("cryptodev", "'cryptodev' parameter expects a valid object"),
		uses: "cryptodev", busy: "can't use already used cryptodev backend: %s"}},
	{"virtio-sound-pci-base-type", "virtio-sound-device", Kind{Name: "virtio-sound", ID: 25}, shape{
		queues: []int{64, 64, 64, 64}, config: 16, fill: fillSound, check: qdev.DemandAudio}},
	{"virtio-input-host-pci-base-type", "virtio-input-host-device", kindInput, refused("evdev property is required")},
	{"vhost-scsi-pci-base", "vhost-scsi", Kind{Name: "vhost-scsi", ID: 8, Transitional: 0x1004}, shape{check: refuseVhostSCSI}},
	{"vhost-user-blk-pci-base", "vhost-user-blk", Kind{Name: "vhost-user-blk", ID: 2, Transitional: 0x1001}, vhostUser("chardev is mandatory")},
	{"vhost-user-scsi-pci-base", "vhost-user-scsi", Kind{Name: "vhost-user-scsi", ID: 8, Transitional: 0x1004}, vhostUser("vhost-user-scsi: missing chardev")},
	{"vhost-user-vsock-pci-base", "vhost-user-vsock-device", Kind{Name: "vhost-user-vsock", ID: 19}, vhostUser("missing chardev")},
	{"vhost-user-gpio-pci-base", "vhost-user-gpio-device", Kind{Name: "vhost-user-gpio", ID: 41}, vhostUser(missingChardev)},
	{"vhost-user-i2c-pci-base", "vhost-user-i2c-device", Kind{Name: "vhost-user-i2c", ID: 34}, vhostUser(missingChardev)},
	{"vhost-user-rng-pci-base", "vhost-user-rng", Kind{Name: "vhost-user-rng", ID: 4}, vhostUser(missingChardev)},
	{"vhost-user-input-pci-base-type", "vhost-user-input", kindInput, vhostUser(missingChardev)},
	{"vhost-user-gpu-pci-base-type", "vhost-user-gpu", kindGPU, vhostUser(missingChardev)},
	{"vhost-user-vga-base-type", "vhost-user-gpu", kindGPU, vhostUser(missingChardev)},
	{"vhost-user-rtc-pci-base", "vhost-user-rtc", Kind{Name: "vhost-user-rtc", ID: 17}, vhostUser(missingChardev)},
	{"vhost-user-snd-pci-base", "vhost-user-snd", Kind{Name: "vhost-user-snd", ID: 25}, vhostUser(missingChardev)},
	{"vhost-user-spi-pci-base", "vhost-user-spi-device", Kind{Name: "vhost-user-spi", ID: 45}, vhostUser(missingChardev)},
	{"vhost-user-test-device-pci-base", "vhost-user-test-device", Kind{Name: "vhost-user-test-device"}, vhostUser(missingChardev, needDeviceID)},
	{"vhost-vdpa-device-pci-base", "vhost-vdpa-device", Kind{Name: "vhost-vdpa-device"}, refused("vhost-vdpa-device: vhostdev are missing")},
}

const missingChardev = "vhost-user-base: missing chardev"

var gpuShape = shape{queues: []int{64, 16}, bits: []uint{1}, config: 20,
	fill: func(o *qom.Object, p []byte) {
		binary.LittleEndian.PutUint32(p[8:], uint32(o.StoredUint("max_outputs")))
	}}

// refused is the shape of devices that never start.
func refused(text string) shape {
	err := errors.New(text)
	return shape{check: func(*qom.Object) error { return err }}
}

// errNoBackEnd says that nobody at the other end of a character device speaks
// the protocol of vhost-user.
var errNoBackEnd = errors.New("vhost_backend_init failed: Protocol error")

// vhostUser is the shape of devices whose function is at the other end of a
// character device. Nobody looks for it there, but for that of [FS], so that they
// never start; more is what QEMU asks for once there is a character device.
func vhostUser(text string, more ...func(*qom.Object) error) shape {
	return shape{check: func(o *qom.Object) error {
		if !backed(o, "chardev") {
			return errors.New(text)
		}
		for _, check := range more {
			if err := check(o); err != nil {
				return err
			}
		}
		return errNoBackEnd
	}}
}

// backed reports whether a property that names a backend was set to one.
func backed(o *qom.Object, name string) bool { return o.HasStored(name) && o.Stored(name) != nil }

func needDeviceID(o *qom.Object) error {
	if o.StoredUint("virtio-id") == 0 {
		return errors.New("vhost-user-base: need to define device id")
	}
	return nil
}

// needLink demands that a link is set.
func needLink(name, text string) func(*qom.Object) error {
	err := errors.New(text)
	return func(o *qom.Object) error {
		if linkOf(o, name) == nil {
			return err
		}
		return nil
	}
}

func refuseVhostSCSI(o *qom.Object) error {
	if o.StoredString("wwpn") == "" {
		return errors.New("vhost-scsi: missing wwpn")
	}
	return errors.New("vhost-scsi: open vhost char device failed: No such file or directory")
}

func fillIOMMU(o *qom.Object, p []byte) {
	le := binary.LittleEndian
	le.PutUint64(p, 0xfffffffffffff000)
	le.PutUint64(p[16:], ^uint64(0)>>(64-min(o.StoredUint("aw-bits"), 64)))
	le.PutUint32(p[28:], 0xffffffff)
	le.PutUint32(p[32:], 512)
	p[36] = byte(flag(o.StoredBool("boot-bypass")))
}

func fillCrypto(_ *qom.Object, p []byte) {
	le := binary.LittleEndian
	for i, v := range map[int]uint32{0: 1, 4: 1, 8: 7, 12: 8, 20: 4} {
		le.PutUint32(p[i:], v)
	}
	le.PutUint32(p[36:], 64)
	le.PutUint32(p[40:], 512)
	le.PutUint64(p[48:], 0x100000)
}

func fillSound(o *qom.Object, p []byte) {
	for i, name := range [...]string{"jacks", "streams", "chmaps"} {
		binary.LittleEndian.PutUint32(p[4*i:], uint32(o.StoredUint(name)))
	}
}
