package virtio

// Kind is what sets one sort of virtio devices apart on the wire.
type Kind struct {
	Name string // as QEMU names regions: "virtio-blk"
	ID   uint16 // device number, VIRTIO 1.2 chapter 5
	// Transitional is the PCI device number of the legacy interface, VIRTIO
	// 1.2 section 4.1.2.1; 0 for kinds that have none.
	Transitional uint16
	// Class is the PCI class code, 0 for the one that the facts of the type
	// tell.
	Class uint16
}

// The kinds of virtio devices.
var (
	kindNet     = Kind{Name: "virtio-net", ID: 1, Transitional: 0x1000, Class: 0x0200}
	kindBlk     = Kind{Name: "virtio-blk", ID: 2, Transitional: 0x1001, Class: 0x0100}
	kindSerial  = Kind{Name: "virtio-serial", ID: 3, Transitional: 0x1003, Class: 0x0780}
	kindRNG     = Kind{Name: "virtio-rng", ID: 4, Transitional: 0x1005, Class: 0x00ff}
	kindBalloon = Kind{Name: "virtio-balloon", ID: 5, Transitional: 0x1002, Class: 0x00ff}
	kindSCSI    = Kind{Name: "virtio-scsi", ID: 8, Transitional: 0x1004, Class: 0x0100}
	kindMem     = Kind{Name: "virtio-mem", ID: 24}
	kindPmem    = Kind{Name: "virtio-pmem", ID: 27}
	kindInput   = Kind{Name: "virtio-input", ID: 18}
	kindGPU     = Kind{Name: "virtio-gpu", ID: 16}
)
