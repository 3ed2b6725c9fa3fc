package migration

import "encoding/binary"

// place is where memory of a record belongs.
type place struct {
	block  uint32
	offset uint64
}

const placeSize = 12

func (p place) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, p.block)
	return binary.BigEndian.AppendUint64(b, p.offset)
}

func decodePlace(b []byte) (place, []byte, error) {
	if len(b) < placeSize {
		return place{}, nil, invalid("a record of memory is too short")
	}
	return place{binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])}, b[placeSize:], nil
}
