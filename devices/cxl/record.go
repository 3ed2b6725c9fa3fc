package cxl

import "encoding/binary"

// Offsets in the head that all event records have, CXL 3.1 table 8-42.
const (
	recordLength   = 0x10
	recordFlags    = 0x11
	recordHandle   = 0x14
	recordTime     = 0x18
	recordClass    = 0x20
	recordSubclass = 0x21
	recordLD       = 0x22
	recordHead     = 0x24
	recordBody     = 0x30
)

// recordID names a kind of event record.
type recordID [16]byte

var (
	generalMediaID = recordID{0xfb, 0xcd, 0x0a, 0x77, 0xc2, 0x60, 0x41, 0x7f, 0x85, 0xa9, 0x08, 0x8b, 0x16, 0x21, 0xeb, 0xa6}
	dramID         = recordID{0x60, 0x1d, 0xcb, 0xb3, 0x9c, 0x06, 0x4e, 0xab, 0xb8, 0xaf, 0x4e, 0x9b, 0xfb, 0x5c, 0x96, 0x24}
	moduleID       = recordID{0xfe, 0x92, 0x74, 0x75, 0xdd, 0x59, 0x43, 0x39, 0xa5, 0x86, 0x79, 0xba, 0xb1, 0x13, 0xb7, 0x74}
	capacityID     = recordID{0xca, 0x95, 0xaf, 0xa7, 0xf1, 0x83, 0x40, 0x18, 0x8c, 0x2f, 0x95, 0x26, 0x8e, 0x10, 0x1a, 0x2a}
)

func newRecord(id recordID, flags uint32) []byte {
	r := make([]byte, recordSize)
	copy(r, id[:])
	r[recordLength] = recordSize
	put24(r[recordFlags:], flags)
	return r
}

// EventHead is what the events that QMP injects have in common. Pointers are nil
// for what is not said.
type EventHead struct {
	Flags            uint32 // 24 bits
	MaintenanceClass *uint8
	MaintenanceSub   *uint8
	LogicalDevice    *uint16
	Head             *uint8
	Component        *string // up to 16 bytes that identify the component
	ComponentIsPLDM  bool
	SubType          uint8
}

// An Event is a record that QMP injects.
type Event interface{ record() []byte }

// Record puts an event into a log.
func (t *Type3) Record(log int, e Event) { t.insert(log, e.record()) }

// validity collects the fields of a record that are said to be valid.
type validity uint16

// optional8 stores a byte that may be missing, and notes that it is there.
func (v *validity) optional8(bit uint, at *byte, b *uint8) {
	if b != nil {
		*at = *b
		*v |= 1 << bit
	}
}

func (v *validity) optional24(bit uint, at []byte, n *uint32) {
	if n != nil {
		put24(at, *n)
		*v |= 1 << bit
	}
}

func (v *validity) optional16(bit uint, at []byte, n *uint16) {
	if n != nil {
		binary.LittleEndian.PutUint16(at, *n)
		*v |= 1 << bit
	}
}

// start makes a record with the head's own fields.
func (h *EventHead) start(id recordID) []byte {
	r := newRecord(id, h.Flags)
	var unsaid validity // the head has no such bits
	unsaid.optional8(0, &r[recordClass], h.MaintenanceClass)
	unsaid.optional8(0, &r[recordSubclass], h.MaintenanceSub)
	unsaid.optional16(0, r[recordLD:], h.LogicalDevice)
	unsaid.optional8(0, &r[recordHead], h.Head)
	return r
}

// component stores the component's identification; bit says that there is one,
// the next that it has PLDM's format.
func (h *EventHead) component(v *validity, bit uint, at []byte) {
	if h.Component == nil {
		return
	}
	copy(at[:16], *h.Component)
	*v |= 1 << bit
	if h.ComponentIsPLDM {
		*v |= 2 << bit
	}
}

// MediaEvent is what general media and DRAM events share.
type MediaEvent struct {
	EventHead
	DPA         uint64
	Descriptor  uint8
	Type        uint8
	Transaction uint8
	Channel     *uint8
	Rank        *uint8
	CorrectedME *uint8  // flags of corrected memory errors
	Count       *uint32 // of corrected memory errors, 24 bits
}

// Offsets of fields that both have.
const (
	mediaDPA         = recordBody
	mediaDescriptor  = recordBody + 0x08
	mediaType        = recordBody + 0x09
	mediaTransaction = recordBody + 0x0a
	mediaValid       = recordBody + 0x0b
	mediaChannel     = recordBody + 0x0d
	mediaRank        = recordBody + 0x0e
	mediaRest        = recordBody + 0x0f
)

func (e *MediaEvent) start(id recordID, v *validity) []byte {
	r := e.EventHead.start(id)
	binary.LittleEndian.PutUint64(r[mediaDPA:], e.DPA)
	r[mediaDescriptor], r[mediaType], r[mediaTransaction] = e.Descriptor, e.Type, e.Transaction
	v.optional8(0, &r[mediaChannel], e.Channel)
	v.optional8(1, &r[mediaRank], e.Rank)
	return r
}

// finish stores what comes last: flags and count of corrected errors, and the
// type within the type.
func (e *MediaEvent) finish(r []byte, at int, v validity) []byte {
	var unsaid validity
	unsaid.optional8(0, &r[at], e.CorrectedME)
	unsaid.optional24(0, r[at+1:], e.Count)
	r[at+4] = e.SubType
	binary.LittleEndian.PutUint16(r[mediaValid:], uint16(v))
	return r
}

// GeneralMediaEvent is a general media event record, CXL 3.1 table 8-45.
type GeneralMediaEvent struct {
	MediaEvent
	Device *uint32 // 24 bits
}

func (e *GeneralMediaEvent) record() []byte {
	var v validity
	r := e.start(generalMediaID, &v)
	v.optional24(2, r[mediaRest:], e.Device)
	e.component(&v, 3, r[mediaRest+3:])
	return e.finish(r, 0x52, v)
}

// DRAMEvent is a DRAM event record, table 8-46.
type DRAMEvent struct {
	MediaEvent
	NibbleMask *uint32 // 24 bits
	BankGroup  *uint8
	Bank       *uint8
	Row        *uint32 // 24 bits
	Column     *uint16
	Correction []uint64 // up to four words of mask; nil: none
	SubChannel *uint8
}

func (e *DRAMEvent) record() []byte {
	var v validity
	r := e.start(dramID, &v)
	v.optional24(2, r[mediaRest:], e.NibbleMask)
	v.optional8(3, &r[0x42], e.BankGroup)
	v.optional8(4, &r[0x43], e.Bank)
	v.optional24(5, r[0x44:], e.Row)
	v.optional16(6, r[0x47:], e.Column)
	if e.Correction != nil {
		for i, word := range e.Correction[:min(len(e.Correction), 4)] {
			binary.LittleEndian.PutUint64(r[0x49+8*i:], word)
		}
		v |= 1 << 7
	}
	e.component(&v, 8, r[0x69:])
	v.optional8(10, &r[0x79], e.SubChannel)
	return e.finish(r, 0x7a, v)
}

// ModuleEvent is a memory module event record, table 8-47.
type ModuleEvent struct {
	EventHead
	Type, Health, Media, Additional, LifeUsed uint8
	Temperature                               int16 // degrees Celsius
	DirtyShutdowns, Volatile, Persistent      uint32
}

func (e *ModuleEvent) record() []byte {
	var v validity
	r := e.start(moduleID)
	copy(r[recordBody:], []byte{e.Type, e.Health, e.Media, e.Additional, e.LifeUsed})
	binary.LittleEndian.PutUint16(r[0x35:], uint16(e.Temperature))
	for i, n := range []uint32{e.DirtyShutdowns, e.Volatile, e.Persistent} {
		binary.LittleEndian.PutUint32(r[0x37+4*i:], n)
	}
	e.component(&v, 0, r[0x45:])
	binary.LittleEndian.PutUint16(r[0x43:], uint16(v))
	r[0x55] = e.SubType
	return r
}
