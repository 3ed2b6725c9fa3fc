package qdev

import (
	"errors"
	"fmt"
)

const (
	sectorSize     = 512        // bytes
	openNumber     = 0xffffffff // of a property that was left open
	minGranularity = 4096       // bytes, of discarding where nobody says
)

// SettleBlockSizes fills in the block sizes of a drive that were left open, and
// refuses sizes that do not fit together, as QEMU's blkconf_blocksizes does.
func (d *Device) SettleBlockSizes() error {
	for _, name := range [...]string{"logical_block_size", "physical_block_size"} {
		if d.StoredUint(name) == 0 {
			d.Store(name, uint64(sectorSize))
		}
	}
	logical := d.StoredUint("logical_block_size")
	if logical > d.StoredUint("physical_block_size") {
		return errors.New("logical_block_size > physical_block_size not supported")
	}
	for _, name := range [...]string{"min_io_size", "opt_io_size", "discard_granularity"} {
		if n := d.StoredUint(name); n != openNumber && n%logical != 0 {
			return fmt.Errorf("%s must be a multiple of logical_block_size", name)
		}
	}
	return nil
}

// SettleGranularity fills in the unit of discarding where it was left open.
func (d *Device) SettleGranularity() {
	if d.StoredUint("discard_granularity") == openNumber {
		d.Store("discard_granularity", max(d.StoredUint("logical_block_size"), minGranularity))
	}
}

// SettleGeometry fills in cylinders, heads and sectors of a drive of so many
// bytes, or checks those that the user gave. Without a partition table to go by,
// the geometry is the usual one.
func (d *Device) SettleGeometry(bytes int64, maxHeads uint64) error {
	limits := [...]struct {
		name    string
		usual   uint64
		maximum uint64
	}{
		{"cyls", uint64(min(max(bytes/sectorSize/(16*63), 2), 16383)), 65535}, {"heads", 16, maxHeads}, {"secs", 63, 255},
	}
	given := false
	for _, l := range limits {
		given = given || d.StoredUint(l.name) != 0
	}
	for _, l := range limits {
		if !given {
			d.Store(l.name, l.usual)
		} else if n := d.StoredUint(l.name); n < 1 || n > l.maximum {
			return fmt.Errorf("%s must be between 1 and %d", l.name, l.maximum)
		}
	}
	return nil
}
