package cxl

import "encoding/binary"

// labelSize is the size of the label storage area, 0 without one.
func (t *Type3) labelSize() uint64 {
	if t.media.labels == nil {
		return 0
	}
	return t.media.labels.Size()
}

// getLabels is Get LSA, CXL 3.1 section 8.2.9.9.2.3. QEMU copies more than the
// mailbox holds.
func (t *Type3) getLabels(in []byte) (code, []byte) {
	at, n := uint64(binary.LittleEndian.Uint32(in)), uint64(binary.LittleEndian.Uint32(in[4:]))
	if at+n > t.labelSize() || n > payloadSize {
		return invalidInput, nil
	}
	out := make([]byte, n)
	if n > 0 {
		t.media.labels.RAM().Dump(at, out)
	}
	return success, out
}

// setLabels is Set LSA, section 8.2.9.9.2.4.
func (t *Type3) setLabels(in []byte) (code, []byte) {
	if len(in) < 8 {
		return badLength, nil
	}
	at, data := uint64(binary.LittleEndian.Uint32(in)), in[8:]
	if at+uint64(len(data)) > t.labelSize() {
		return invalidInput, nil
	}
	if len(data) > 0 {
		t.media.labels.RAM().Load(at, data)
	}
	return success, nil
}
