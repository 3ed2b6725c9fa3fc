package cxl

import "encoding/binary"

// clock is the device's time, which counts once the guest set it.
type clock struct {
	Set  bool
	Host uint64 // what the guest set it to, in nanoseconds
	At   int64  // virtual time when it did
}

// now is the device's time in nanoseconds, 0 while nobody set it.
func (t *Type3) now() uint64 {
	if !t.clock.Set {
		return 0
	}
	return t.clock.Host + uint64(t.Env().Clock.Now()-t.clock.At)
}

// getTimestamp is Get Timestamp, CXL 3.1 section 8.2.9.4.1.
func (t *Type3) getTimestamp([]byte) (code, []byte) {
	return success, binary.LittleEndian.AppendUint64(nil, t.now())
}

// setTimestamp is Set Timestamp, section 8.2.9.4.2.
func (t *Type3) setTimestamp(in []byte) (code, []byte) {
	t.clock = clock{true, binary.LittleEndian.Uint64(in), t.Env().Clock.Now()}
	return success, nil
}
