package cxl

import (
	"encoding/binary"
	"slices"
	"time"
)

const opScanMedia = 0x4304

// scan is the last scan of the media for poison.
type scan struct {
	Ran     bool
	Found   []poison // and not yet told
	Records int      // that were found in all
}

// scanning reports whether a scan is under way.
func (t *Type3) scanning() bool { return t.background.running() && t.background.opcode == opScanMedia }

// scanRange reads the range of a scan: 64 byte lines of memory that is there for
// good.
func (t *Type3) scanRange(in []byte) (start, length uint64, result code) {
	start, length = binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(in[8:])*line
	switch {
	case start%line != 0:
		return 0, 0, invalidInput
	case start+length > t.media.static() || start+length < start:
		return 0, 0, invalidPA
	}
	return start, length, success
}

// scanTime is how long a scan takes: 500 ns a line, at least 1 ms.
func scanTime(length uint64) time.Duration {
	return max(time.Millisecond, time.Duration(length/line)*500*time.Nanosecond)
}

// scanCapabilities is Get Scan Media Capabilities, CXL 3.1 section 8.2.9.9.4.4.
func (t *Type3) scanCapabilities(in []byte) (code, []byte) {
	_, length, result := t.scanRange(in)
	if result != success {
		return result, nil
	}
	return success, binary.LittleEndian.AppendUint32(nil, uint32(scanTime(length)/time.Millisecond))
}

// scanMedia is Scan Media, section 8.2.9.9.4.5. After an overflow the list is
// made anew, of what had no room in it.
func (t *Type3) scanMedia(in []byte) (code, []byte) {
	start, length, result := t.scanRange(in)
	if result != success {
		return result, nil
	}
	l := &t.poison
	t.scan.Found = nil
	if l.Overflowed {
		l.Records = nil
	}
	l.More = slices.DeleteFunc(slices.Clone(l.More), func(p poison) bool {
		if !p.overlaps(start, length) {
			return false
		}
		if !l.full() {
			l.add(p)
		}
		t.scan.Found = slices.Insert(t.scan.Found, 0, p)
		return true
	})
	t.scan.Records = len(t.scan.Found)
	return t.start(opScanMedia, scanTime(length)), nil
}

// scanned is the end of a scan: a list that misses nothing any more says so.
func (t *Type3) scanned() {
	if l := &t.poison; l.Overflowed && len(l.Records) == t.scan.Records {
		l.Overflowed, l.Since = false, 0
	}
	t.scan.Ran = true
}

// scanResults is Get Scan Media Results, section 8.2.9.9.4.6. What was told is
// forgotten.
func (t *Type3) scanResults([]byte) (code, []byte) {
	if !t.scan.Ran {
		return unsupported, nil
	}
	out := make([]byte, 0x20)
	n := min(len(t.scan.Found), (payloadSize-len(out))/16)
	for _, p := range t.scan.Found[:n] {
		out = appendPoison(out, p.Start, p.Length/line)
	}
	t.scan.Found = slices.Clone(t.scan.Found[n:])
	if len(t.scan.Found) > 0 {
		out[0x10] = 1 << 0 // more
	}
	binary.LittleEndian.PutUint16(out[0x12:], uint16(n))
	return success, out
}
