package pci

import "math/bits"

// Bits of the message control word.
const (
	msiEnable     = 0x0001
	msiQueueSize  = 0x0070
	msi64         = 0x0080
	msiVectorMask = 0x0100
)

type msiState struct {
	at   uint8 // offset, 0 without the capability
	sent uint64
}

// MSI describes a capability for message signalled interrupts.
type MSI struct {
	Offset     int // 0: the first free place
	Vectors    int // 1, 2, 4, 8, 16 or 32
	Wide       bool
	VectorMask bool // has mask and pending bits
}

// InitMSI adds the capability.
func (d *Device) InitMSI(m MSI) error {
	flags, size := uint16(bits.TrailingZeros(uint(m.Vectors)))<<1, 10
	if m.Wide {
		flags, size = flags|msi64, 14
	}
	if m.VectorMask {
		flags, size = flags|msiVectorMask, size+10
	}
	at, err := d.AddCapability(CapMSI, m.Offset, size)
	if err != nil {
		return err
	}
	d.msi.at = uint8(at)
	d.SetConfigWord(at+2, flags)
	d.SetWritable(at+2, 2, msiEnable|msiQueueSize)
	d.SetWritable(at+4, 4, 0xfffffffc)
	if m.Wide {
		d.SetWritable(at+8, 4, 0xffffffff)
	}
	d.SetWritable(d.msiData(), 2, 0xffff)
	if m.VectorMask {
		d.SetWritable(d.msiMask(), 4, uint32(1<<m.Vectors-1))
	}
	return nil
}

func (d *Device) msiFlags() uint16 { return d.ConfigWord(int(d.msi.at) + 2) }

func (d *Device) msiData() int {
	if d.msiFlags()&msi64 != 0 {
		return int(d.msi.at) + 12
	}
	return int(d.msi.at) + 8
}

// msiMask is where the mask bits are; the pending bits follow.
func (d *Device) msiMask() int { return d.msiData() + 4 }

// MSIEnabled reports whether the guest switched MSI on.
func (d *Device) MSIEnabled() bool { return d.msi.at != 0 && d.msiFlags()&msiEnable != 0 }

// NotifyMSI sends a vector's message, or marks the vector pending while it is
// masked.
func (d *Device) NotifyMSI(vector int) {
	if !d.MSIEnabled() {
		return
	}
	flags := d.msiFlags()
	if flags&msiVectorMask != 0 && d.ConfigLong(d.msiMask())>>vector&1 != 0 {
		d.SetConfigLong(d.msiMask()+4, d.ConfigLong(d.msiMask()+4)|1<<vector)
		return
	}
	addr := uint64(d.ConfigLong(int(d.msi.at) + 4))
	if flags&msi64 != 0 {
		addr |= uint64(d.ConfigLong(int(d.msi.at)+8)) << 32
	}
	data := d.ConfigWord(d.msiData())
	if n := 1 << (flags & msiQueueSize >> 4); n > 1 {
		data = data&^uint16(n-1) | uint16(vector&(n-1))
	}
	d.msi.sent++
	d.sendMessage(addr, uint32(data))
}

// writeMSI follows a configuration write: vectors that were unmasked and are
// pending go out.
func (d *Device) writeMSI(addr, size int) {
	if d.msi.at == 0 || !overlaps(addr, size, int(d.msi.at), 24) || !d.MSIEnabled() || d.msiFlags()&msiVectorMask == 0 {
		return
	}
	due := d.ConfigLong(d.msiMask()+4) &^ d.ConfigLong(d.msiMask())
	d.SetConfigLong(d.msiMask()+4, d.ConfigLong(d.msiMask()+4)&^due)
	for ; due != 0; due &= due - 1 {
		d.NotifyMSI(bits.TrailingZeros32(due))
	}
}

func (d *Device) resetMSI() {
	if d.msi.at == 0 {
		return
	}
	at, flags := int(d.msi.at), d.msiFlags()
	d.SetConfigWord(at+2, flags&^(msiEnable|msiQueueSize))
	d.SetConfigLong(at+4, 0)
	if flags&msi64 != 0 {
		d.SetConfigLong(at+8, 0)
	}
	d.SetConfigWord(d.msiData(), 0)
	if flags&msiVectorMask != 0 {
		d.SetConfigLong(d.msiMask(), 0)
		d.SetConfigLong(d.msiMask()+4, 0)
	}
}
