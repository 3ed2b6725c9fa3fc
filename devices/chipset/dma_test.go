package chipset_test

import "testing"

// TestDMARegisters writes and reads the registers of both controllers, as QEMU
// 11.1.3 answered the same accesses.
func TestDMARegisters(t *testing.T) {
	for _, board := range []string{"pc", "q35"} {
		r := newRig(t, board)
		r.start()
		r.wantIn(0x09, 1, 0xff) // all masked
		r.wantIn(0x09, 2, 0)    // not aligned
		r.out(0x0e, 1, 0)
		r.wantIn(0x09, 1, 0)
		r.out(0x0a, 1, 6)
		r.wantIn(0x09, 1, 4)
		r.out(0x09, 1, 5)
		r.wantIn(0x08, 1, 0x20)
		r.out(0x0c, 1, 0)
		r.out(0x02, 1, 0x34)
		r.out(0x02, 1, 0x12)
		r.wantIn(0x02, 1, 0x34)
		r.wantIn(0x02, 1, 0x12)
		r.out(0xc4, 1, 0x78) // the second controller's ports are two apart
		r.out(0xc5, 1, 0x56)
		r.wantIn(0xc4, 1, 0x78)
		r.wantIn(0xc4, 1, 0x56)
		r.out(0x87, 1, 7)
		r.wantIn(0x87, 1, 7)
		r.out(0x82, 2, 0x0908)
		r.wantIn(0x82, 2, 0x0908)
		r.wantIn(0x83, 2, 0xff09) // no port behind it
		r.wantIn(0x81, 4, 0xffffffff)
		r.out(0x0d, 1, 0)
		r.wantIn(0x09, 1, 0xff)
		r.wantIn(0x5658, 4, 0xffffffff)
		r.finish()
	}
}
