package scsi

import "encoding/binary"

// Operation codes, SPC-4 table D.2 and SBC-3 table 8.
const (
	opTestUnitReady   = 0x00
	opRequestSense    = 0x03
	opRead6           = 0x08
	opWrite6          = 0x0a
	opInquiry         = 0x12
	opModeSelect6     = 0x15
	opModeSense6      = 0x1a
	opStartStop       = 0x1b
	opPreventRemoval  = 0x1e
	opReadCapacity10  = 0x25
	opRead10          = 0x28
	opWrite10         = 0x2a
	opVerify10        = 0x2f
	opSyncCache10     = 0x35
	opModeSense10     = 0x5a
	opRead16          = 0x88
	opWrite16         = 0x8a
	opSyncCache16     = 0x91
	opServiceActionIn = 0x9e
	opReportLUNs      = 0xa0
	opRead12          = 0xa8
	opWrite12         = 0xaa
)

// forceUnit is the bit of a write that wants its data to be durable.
const forceUnit = 1 << 3

// readCapacity16 is the service action of that name.
const readCapacity16 = 0x10

// cdbLen is the length of a command block, which the group of its code tells,
// SPC-4 section 4.2.5.1.
func cdbLen(op byte) int {
	switch op >> 5 {
	case 0:
		return 6
	case 4:
		return 16
	case 5:
		return 12
	}
	return 10
}

// Execute implements [Model].
func (d *Disk) Execute(cdb []byte) *Request {
	if len(cdb) < cdbLen(cdb[0]) {
		return d.fail(invalidOpcode)
	}
	switch cdb[0] {
	case opInquiry:
		return d.inquiry(cdb)
	case opReportLUNs:
		return d.reportLUNs(cdb)
	case opStartStop, opModeSelect6:
		return &Request{}
	case opPreventRemoval:
		d.locked = cdb[4]&1 != 0
		return &Request{}
	case opModeSense6:
		return d.modeSense(cdb[2], int(cdb[4]), false)
	case opModeSense10:
		return d.modeSense(cdb[2], int(binary.BigEndian.Uint16(cdb[7:])), true)
	}
	if !d.loaded() {
		return d.fail(mediumMissing)
	}
	switch cdb[0] {
	case opTestUnitReady, opVerify10:
		return &Request{}
	case opSyncCache10, opSyncCache16:
		return &Request{disk: d.disk, flush: true}
	case opReadCapacity10:
		return d.capacity10()
	case opServiceActionIn:
		if cdb[1]&0x1f != readCapacity16 {
			return d.fail(invalidField)
		}
		return d.capacity16(int(binary.BigEndian.Uint32(cdb[10:])))
	}
	if first, n, ok := span(cdb); ok {
		return d.transfer(cdb, first, n)
	}
	return d.fail(invalidOpcode)
}

// span is the range of blocks of a read or write.
func span(cdb []byte) (first, n uint64, ok bool) {
	be := binary.BigEndian
	switch cdb[0] {
	case opRead6, opWrite6:
		first, n = uint64(be.Uint32(cdb)&0x1fffff), uint64(cdb[4])
		if n == 0 {
			n = 256
		}
	case opRead10, opWrite10:
		first, n = uint64(be.Uint32(cdb[2:])), uint64(be.Uint16(cdb[7:]))
	case opRead12, opWrite12:
		first, n = uint64(be.Uint32(cdb[2:])), uint64(be.Uint32(cdb[6:]))
	case opRead16, opWrite16:
		first, n = be.Uint64(cdb[2:]), uint64(be.Uint32(cdb[10:]))
	default:
		return 0, 0, false
	}
	return first, n, true
}

func (d *Disk) transfer(cdb []byte, first, n uint64) *Request {
	if total := d.blocks(); first > total || n > total-first {
		return d.fail(outOfRange)
	}
	r := &Request{Len: int64(n) * int64(d.blockSize), off: int64(first) * int64(d.blockSize), disk: d.disk}
	switch op := cdb[0]; op {
	case opRead6, opRead10, opRead12, opRead16:
		r.In = true
	default:
		if d.cd || d.disk.ReadOnly() {
			return d.fail(writeProtected)
		}
		r.flush = op != opWrite6 && cdb[1]&forceUnit != 0
	}
	return r
}

func (d *Disk) capacity10() *Request {
	b := make([]byte, 8)
	last := d.blocks()
	if last > 0 {
		last--
	}
	binary.BigEndian.PutUint32(b, uint32(min(last, 0xffffffff)))
	binary.BigEndian.PutUint32(b[4:], d.blockSize)
	return reply(b, len(b))
}

func (d *Disk) capacity16(room int) *Request {
	b := make([]byte, 32)
	last := d.blocks()
	if last > 0 {
		last--
	}
	binary.BigEndian.PutUint64(b, last)
	binary.BigEndian.PutUint32(b[8:], d.blockSize)
	return reply(b, room)
}

// reportLUNs lists the units of the target, SPC-4 section 6.33.
func (d *Disk) reportLUNs(cdb []byte) *Request {
	var luns []byte
	for _, q := range BusOf(&d.Device.Device).Devices() {
		if o := DeviceOf(&q.Object); o != nil && o.target == d.target && o.channel == d.channel && q.Realized() {
			luns = append(luns, 0, byte(o.lun), 0, 0, 0, 0, 0, 0)
			if o.lun > 255 {
				luns[len(luns)-8] = 0x40 | byte(o.lun>>8)
			}
		}
	}
	b := make([]byte, 8, 8+len(luns))
	binary.BigEndian.PutUint32(b, uint32(len(luns)))
	return reply(append(b, luns...), int(binary.BigEndian.Uint32(cdb[6:])))
}
