package cxl

import (
	"encoding/binary"
	"errors"
	"slices"
)

// line is the size of what is poisoned: addresses and lengths are multiples.
const line = 64

// poisonRecords is how many records the list holds.
const poisonRecords = 256

// Sources of poison, CXL 3.1 table 8-129.
const (
	poisonInternal = 2
	poisonInjected = 3
)

// poison is a range of memory that reads as poisoned.
type poison struct {
	Start, Length uint64
	Source        uint8
}

func (p poison) overlaps(start, length uint64) bool {
	return start < p.Start+p.Length && start+length > p.Start
}

// poisonList is what is poisoned, the newest first: what the list holds, and what
// found no room in it, which a scan of the media finds again.
type poisonList struct {
	Records    []poison
	More       []poison
	Overflowed bool
	Since      uint64 // device time of the overflow
	Asked      area   // of the last answer that was not complete
	Told       int    // records that it and those before it told
}

func (l *poisonList) add(p poison) { l.Records = slices.Insert(l.Records, 0, p) }

func (l *poisonList) full() bool { return len(l.Records) >= poisonRecords }

// overflow notes that the list misses something.
func (t *Type3) overflow() {
	t.poison.Overflowed, t.poison.Since = true, t.now()
}

// CheckPoison refuses a range that cannot be poisoned, whatever the device.
func CheckPoison(start, length uint64) error {
	switch {
	case length%line != 0:
		return errors.New("Poison injection must be in multiples of 64 bytes")
	case start%line != 0:
		return errors.New("Poison start address must be 64 byte aligned")
	}
	return nil
}

// InjectPoison poisons a range from outside, which [CheckPoison] let pass.
func (t *Type3) InjectPoison(start, length uint64) error {
	l, p := &t.poison, poison{start, length, poisonInternal}
	for _, old := range l.Records {
		if old.overlaps(start, length) {
			return errors.New("Overlap with existing poisoned region not supported")
		}
	}
	if !l.full() {
		l.add(p)
		return nil
	}
	if !l.Overflowed {
		t.overflow()
	}
	l.More = slices.Insert(l.More, 0, p)
	return nil
}

// poisonHeader is the size of the answer without its records.
const poisonHeader = 0x20

// getPoison is Get Poison List, CXL 3.1 section 8.2.9.9.4.1, of a range. What the
// mailbox has no room for is told when the guest asks again.
func (t *Type3) getPoison(in []byte) (code, []byte) {
	start, lines := binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(in[8:])
	if start%line != 0 {
		return invalidInput, nil
	}
	length := lines * line
	out := make([]byte, poisonHeader)
	list := t.poison.untold(area{start, length})
	n := min(len(list), (payloadSize-poisonHeader)/16)
	if t.poison.Told += n; n == len(list) {
		t.poison.Asked, t.poison.Told = area{}, 0
	} else {
		out[0] |= 1 << 0 // more
	}
	for _, p := range list[:n] {
		first, end := max(p.Start, start), min(p.Start+p.Length, start+length)
		out = appendPoison(out, first|uint64(p.Source), (end-first)/line)
	}
	if t.poison.Overflowed {
		out[0] |= 1 << 1
		binary.LittleEndian.PutUint64(out[2:], t.poison.Since)
	}
	if t.scanning() {
		out[0] |= 1 << 2
	}
	binary.LittleEndian.PutUint16(out[10:], uint16(n))
	return success, out
}

// untold lists the records of a range that the answers so far left out.
func (l *poisonList) untold(asked area) []poison {
	list := slices.DeleteFunc(slices.Clone(l.Records), func(p poison) bool { return !p.overlaps(asked.Start, asked.Length) })
	if l.Asked != asked {
		l.Asked, l.Told = asked, 0
	}
	return list[min(l.Told, len(list)):]
}

// appendPoison appends a record: address and source, and length in lines.
func appendPoison(out []byte, addr, lines uint64) []byte {
	out = binary.LittleEndian.AppendUint64(out, addr)
	return binary.LittleEndian.AppendUint64(out, lines&0xffffffff)
}

// injectPoison is Inject Poison, section 8.2.9.9.4.2, of one line.
func (t *Type3) injectPoison(in []byte) (code, []byte) {
	at := binary.LittleEndian.Uint64(in)
	for _, p := range t.poison.Records {
		if at >= p.Start && at+line <= p.Start+p.Length {
			return success, nil
		}
	}
	switch {
	case t.scanning(): // the list is not to change now
		return success, nil
	case t.poison.full():
		return poisonLimit, nil
	}
	t.poison.add(poison{at, line, poisonInjected})
	return success, nil
}

// clearPoison is Clear Poison, section 8.2.9.9.4.3: it writes a line of data, and
// what was poisoned around it stays so.
func (t *Type3) clearPoison(in []byte) (code, []byte) {
	at := binary.LittleEndian.Uint64(in)
	if at+line > t.media.total() || at+line < at {
		return invalidPA, nil
	}
	t.media.write(at, in[8:])
	l := &t.poison
	i := slices.IndexFunc(l.Records, func(p poison) bool { return at >= p.Start && at < p.Start+p.Length })
	if i < 0 || t.scanning() {
		return success, nil
	}
	p := l.Records[i]
	l.Records = slices.Delete(l.Records, i, i+1)
	if at > p.Start {
		l.add(poison{p.Start, at - p.Start, p.Source})
	}
	if end := p.Start + p.Length; at+line < end {
		if l.full() {
			t.overflow()
		} else {
			l.add(poison{at + line, end - at - line, p.Source})
		}
	}
	return success, nil
}
