package cxl

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/memory"
)

// Layout of the device register block, CXL 3.1 section 8.2.8, as in QEMU.
const (
	deviceSize    = 4 << 10
	capsSize      = 0x40
	statusAt      = 0x80
	statusSize    = 0x08
	mailboxAt     = 0x88
	mailboxSize   = 0x20 + payloadSize
	memoryAt      = mailboxAt + mailboxSize
	memorySize    = 0x08
	payloadShift  = 11
	payloadSize   = 1 << payloadShift
	mediaReady    = 1 << 2
	mediaDisabled = 3 << 2
	mailboxReady  = 1 << 4
)

// deviceRegisters is the block of a CXL device's registers.
type deviceRegisters struct{ block, caps, status, mailbox, memory memory.Region }

var (
	capsRules   = memory.Rules{Valid: memory.Access{Min: 1, Max: 8}, Impl: memory.Access{Min: 4, Max: 8}}
	deviceRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 8}, Impl: memory.Access{Min: 1, Max: 8}}
	memoryRules = memory.Rules{Valid: memory.Access{Min: 1, Max: 8}, Impl: memory.Access{Min: 8, Max: 8}}
)

// capsArray is the array of capabilities, section 8.2.8.1.
var capsArray = [capsSize / 4]uint32{
	0: 1 << 16, 1: 3,
	4: 1 | 2<<16, 5: statusAt, 6: statusSize,
	8: 2 | 1<<16, 9: mailboxAt, 10: mailboxSize,
	12: 0x4000 | 1<<16, 13: memoryAt, 14: memorySize,
}

// initRegisters makes the regions; the block is for a BAR.
func (t *Type3) initRegisters() {
	r, sys, self := &t.registers, t.Env().Memory, &t.Object
	part := func(p *memory.Region, name string, at, size uint64, rules *memory.Rules, ops memory.Ops) {
		p.InitIO(sys, self, ops, name, size)
		p.SetRules(rules)
		r.block.AddSubregion(at, p)
	}
	r.block.Init(sys, self, "device-registers", deviceSize)
	part(&r.caps, "cap-array", 0, capsSize, &capsRules, memory.Funcs{OnRead: func(addr uint64, size int) uint64 {
		v := uint64(capsArray[addr/4])
		if size == 8 {
			v |= uint64(capsArray[addr/4+1]) << 32
		}
		return v
	}})
	part(&r.status, "device-status", statusAt, statusSize, &deviceRules, memory.Funcs{OnRead: func(addr uint64, size int) uint64 {
		return cut(uint64(t.eventStatus()), addr, size)
	}})
	part(&r.mailbox, "mailbox", mailboxAt, mailboxSize, &deviceRules, memory.Funcs{OnRead: t.readMailbox, OnWrite: t.writeMailbox})
	part(&r.memory, "memory device caps", memoryAt, memorySize, &memoryRules, memory.Funcs{OnRead: func(uint64, int) uint64 {
		if t.disabled {
			return mediaDisabled | mailboxReady
		}
		return mediaReady | mailboxReady
	}})
}

// cut returns the part of a register of 8 bytes that an access asks for.
func cut(v, addr uint64, size int) uint64 {
	var all, part [8]byte
	binary.LittleEndian.PutUint64(all[:], v)
	copy(part[:size], all[addr%8:])
	return binary.LittleEndian.Uint64(part[:])
}
