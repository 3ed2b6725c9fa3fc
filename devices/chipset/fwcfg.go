package chipset

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// Firmware is what firmware finds in fw_cfg: items by their numbers, and files,
// which are items with names (QEMU's docs/specs/fw_cfg.rst).
type Firmware struct {
	Items map[uint16][]byte
	Files []FirmwareFile
}

// FirmwareFile is one of the files.
type FirmwareFile struct {
	Name     string
	Data     []byte
	Writable bool // the guest may write to it, by DMA; that lasts until a reset
}

// Numbers of items that the device itself knows.
const (
	fwSignature = 0x00
	fwID        = 0x01
	fwDirectory = 0x19
	fwFirstFile = 0x20
)

// fwOwn are the first two: who it is, and that it has ports and DMA.
var fwOwn = [...][]byte{[]byte("QEMU"), {3, 0, 0, 0}}

// fwConfig is the device fw_cfg_io. What it tells is made up when the guest
// selects it, so that a machine in which nobody looks pays nothing.
type fwConfig struct {
	wired
	selected uint16
	at       int
	data     []byte
	writes   string // name of the selected file, if it can be written to
	written  map[string][]byte
	dma      uint64 // address of the command that is being written
}

// content is what there is, in QEMU's order of files, with what was written.
func (f *fwConfig) content() Firmware {
	c := Firmware{}
	if build := f.board.opts.Firmware; build != nil {
		c = build(f.written)
	}
	slices.SortFunc(c.Files, func(a, b FirmwareFile) int { return cmp.Compare(a.Name, b.Name) })
	return c
}

// choose selects an item. One that is not there is empty.
func (f *fwConfig) choose(key uint16) {
	f.selected, f.at, f.data, f.writes = key, 0, nil, ""
	if key == fwSignature || key == fwID {
		f.data = fwOwn[key]
		return
	}
	c := f.content()
	n := int(key) - fwFirstFile
	switch {
	case key == fwDirectory:
		f.data = directory(c.Files)
	case n >= 0 && n < len(c.Files):
		file := c.Files[n]
		f.data = file.Data
		if file.Writable {
			f.writes = file.Name
		}
	default:
		f.data = c.Items[key]
	}
}

// directory lists files: how many, and of each its size, number and name.
func directory(files []FirmwareFile) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(files)))
	for i, file := range files {
		out = binary.BigEndian.AppendUint32(out, uint32(len(file.Data)))
		out = binary.BigEndian.AppendUint16(out, uint16(fwFirstFile+i))
		var rest [2 + 56]byte
		copy(rest[2:], file.Name)
		out = append(out, rest[:]...)
	}
	return out
}

// next takes n bytes of the item; behind its end there are zeros.
func (f *fwConfig) next(n int) []byte {
	p := make([]byte, n)
	if f.at < len(f.data) {
		copy(p, f.data[f.at:])
	}
	f.at = min(f.at+n, len(f.data))
	return p
}

// put writes to the item. It reports false where that is not possible.
func (f *fwConfig) put(p []byte) bool {
	if f.writes == "" || len(p) > len(f.data)-f.at {
		return false
	}
	f.data = slices.Clone(f.data)
	copy(f.data[f.at:], p)
	f.at += len(p)
	if f.written == nil {
		f.written = map[string][]byte{}
	}
	f.written[f.writes] = f.data
	return true
}

func (f *fwConfig) registers(region string) (memory.Ops, *memory.Rules) {
	switch region {
	case "fwcfg":
		return fwPorts{f}, &fwPortRules
	case "fwcfg.dma":
		return fwDMA{f}, &fwDMARules
	}
	return nil, nil
}

// fwPorts are the ports: a word selects, bytes are the item's.
type fwPorts struct{ *fwConfig }

var fwPortRules = memory.Rules{Accepts: func(_ uint64, size int, write bool) bool { return size == 1 || write && size == 2 }}

func (f fwPorts) Read(uint64, int) uint64 { return uint64(f.next(1)[0]) }

func (f fwPorts) Write(_ uint64, size int, val uint64) {
	if size == 2 {
		f.choose(uint16(val))
	}
}

// fwDMA is the address of a command in memory, its upper half first; all is
// big-endian. It reads as a signature.
type fwDMA struct{ *fwConfig }

var fwDMARules = memory.Rules{Valid: memory.Access{Max: 8}, Impl: memory.Access{Max: 8},
	Accepts: func(addr uint64, size int, write bool) bool { return !write || size == 8 || size == 4 && addr&3 == 0 }}

func (f fwDMA) Read(addr uint64, size int) uint64 {
	var p [8]byte
	copy(p[:], "QEMU CFG"[addr:][:size])
	return binary.LittleEndian.Uint64(p[:])
}

func (f fwDMA) Write(addr uint64, size int, val uint64) {
	var p [8]byte
	binary.LittleEndian.PutUint64(p[:], val)
	switch {
	case size == 8:
		f.dma = binary.BigEndian.Uint64(p[:])
		f.transfer()
	case size == 4 && addr == 0:
		f.dma = uint64(binary.BigEndian.Uint32(p[:])) << 32
	case size == 4 && addr == 4:
		f.dma |= uint64(binary.BigEndian.Uint32(p[:]))
		f.transfer()
	}
}

// What a command asks for; it ends with 0, or the first.
const (
	fwError  = 0x01
	fwRead   = 0x02
	fwSkip   = 0x04
	fwSelect = 0x08
	fwWrite  = 0x10
)

// mostTransfer bounds the memory that one command takes at a time.
const mostTransfer = 64 << 10

// transfer carries out the command in memory.
func (f *fwConfig) transfer() {
	at := f.dma
	f.dma = 0
	space := f.board.opts.Space
	if space == nil {
		return
	}
	var cmd [16]byte
	result := uint32(0)
	if space.Read(at, cmd[:]) != memory.OK || !f.command(space, cmd) {
		result = fwError
	}
	space.Write(at, binary.BigEndian.AppendUint32(nil, result))
}

func (f *fwConfig) command(space *memory.AddressSpace, cmd [16]byte) bool {
	control, length := binary.BigEndian.Uint32(cmd[0:]), int(binary.BigEndian.Uint32(cmd[4:]))
	addr := binary.BigEndian.Uint64(cmd[8:])
	if control&fwSelect != 0 {
		f.choose(uint16(control >> 16))
	}
	for length > 0 && control&(fwRead|fwWrite|fwSkip) != 0 {
		n := min(length, mostTransfer)
		switch {
		case control&fwRead != 0:
			if space.Write(addr, f.next(n)) != memory.OK {
				return false
			}
		case control&fwWrite != 0:
			p := make([]byte, n)
			if length > mostTransfer || space.Read(addr, p) != memory.OK || !f.put(p) {
				return false
			}
		default:
			f.at = min(f.at+n, len(f.data))
		}
		addr += uint64(n)
		length -= n
	}
	return true
}

// Reset implements [qdev.Resetter].
func (f *fwConfig) Reset() {
	if f.board != nil {
		f.written = nil
		f.choose(fwSignature)
	}
}

// VMState implements [vmstate.Stater].
func (f *fwConfig) VMState(s *vmstate.Fields) {
	f.wired.VMState(s)
	key, at := f.selected, f.at
	s.Field("written", &f.written)
	s.Field("selected", &key)
	s.Field("offset", &at)
	s.Field("dma", &f.dma)
	s.Loaded(func() {
		f.choose(key)
		f.at = max(0, min(at, len(f.data)))
	})
}

func registerFirmware(t *qom.Types) {
	if t.HasFacts("fw_cfg_io") {
		t.Add(qom.TypeInfo{Name: "fw_cfg_io", Parent: "sys-bus-device", New: func() qom.Instance { return new(fwConfig) }})
	}
}

var _ qdev.Resetter = (*fwConfig)(nil)
