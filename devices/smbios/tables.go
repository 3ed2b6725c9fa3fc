package smbios

import "encoding/binary"

// tables are structures that are being put together.
type tables struct {
	out     []byte
	count   int
	longest int
}

// structure is one of them: its fixed part and its texts.
type structure struct {
	data  []byte
	texts []string
}

// begin makes a structure with its header, but for the length.
func begin(typ byte, handle int) *structure {
	return new(structure).bytes(typ, 0).word(uint16(handle))
}

func (s *structure) bytes(v ...byte) *structure {
	s.data = append(s.data, v...)
	return s
}

func (s *structure) word(v uint16) *structure {
	s.data = binary.LittleEndian.AppendUint16(s.data, v)
	return s
}

func (s *structure) long(v uint32) *structure {
	s.data = binary.LittleEndian.AppendUint32(s.data, v)
	return s
}

func (s *structure) quad(v uint64) *structure {
	s.data = binary.LittleEndian.AppendUint64(s.data, v)
	return s
}

// text adds the number of a text; an empty one has number 0.
func (s *structure) text(v string) *structure {
	if v == "" {
		return s.bytes(0)
	}
	s.texts = append(s.texts, v)
	return s.bytes(byte(len(s.texts)))
}

// add ends a structure.
func (t *tables) add(s *structure) {
	s.data[1] = byte(len(s.data))
	for _, v := range s.texts {
		s.data = append(append(s.data, v...), 0)
	}
	if len(s.texts) == 0 {
		s.data = append(s.data, 0)
	}
	t.raw(append(s.data, 0))
}

// raw adds a structure that is complete.
func (t *tables) raw(p []byte) {
	t.out = append(t.out, p...)
	t.count++
	t.longest = max(t.longest, len(p))
}

// anchor is the entry point; firmware fills in the checksums and the address.
func (t *tables) anchor(wide bool) []byte {
	if wide {
		p := append([]byte("_SM3_"), 0, 24, 3, 0, 0, 1, 0)
		p = binary.LittleEndian.AppendUint32(p, uint32(len(t.out)))
		return binary.LittleEndian.AppendUint64(p, 0)
	}
	p := append([]byte("_SM_"), 0, 31, 2, 8)
	p = binary.LittleEndian.AppendUint16(p, uint16(t.longest))
	p = append(append(p, make([]byte, 6)...), "_DMI_\x00"...)
	p = binary.LittleEndian.AppendUint16(p, uint16(len(t.out)))
	p = binary.LittleEndian.AppendUint32(p, 0)
	p = binary.LittleEndian.AppendUint16(p, uint16(t.count))
	return append(p, 0x28)
}
