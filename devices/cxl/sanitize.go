package cxl

import (
	"encoding/binary"
	"time"
)

const (
	opSanitize        = 0x4400
	opMediaOperations = 0x4402
)

// area is a range of device physical addresses.
type area struct{ Start, Length uint64 }

// filling is what a media operation does at its end.
type filling struct {
	Areas []area
	Value byte
}

// eraseTime is how long erasing takes: the larger the longer, 4 seconds up to 512
// MiB, twice as long (about) for twice as much, and not more than 4 hours.
func eraseTime(bytes uint64) time.Duration {
	limit := uint64(512)
	for _, seconds := range []int{4, 8, 15, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200} {
		if bytes>>20 <= limit {
			return time.Duration(seconds) * time.Second
		}
		limit *= 2
	}
	return 4 * time.Hour
}

// sanitize is Sanitize, CXL 3.1 section 8.2.9.9.5.1: until it is done the media
// is disabled, and stays so when it is stopped.
func (t *Type3) sanitize([]byte) (code, []byte) {
	t.disabled = true
	return t.start(opSanitize, eraseTime(t.media.static())), nil
}

// sanitized is the end of it: nothing is left in the memory and of what happened.
func (t *Type3) sanitized() {
	t.media.fill(0, t.media.static(), 0)
	if l := t.media.labels; l != nil {
		l.RAM().Clear(0, l.Size())
	}
	t.dropEvents()
	t.disabled = false
}

// securityState is Get Security State, section 8.2.9.9.6.1: there is none.
func (t *Type3) securityState([]byte) (code, []byte) { return success, make([]byte, 4) }

// Classes of media operations, and what they do.
const (
	mediaGeneral  = 0
	mediaSanitize = 1
	sanitizeValue = 0x0f // what QEMU leaves behind
)

// mediaOperations is Media Operations, CXL 3.2 section 8.2.10.9.5.3: it tells
// what there is, and overwrites ranges.
func (t *Type3) mediaOperations(in []byte) (code, []byte) {
	if len(in) < 8 {
		return badLength, nil
	}
	switch class, sub := in[0], in[1]; {
	case class == mediaGeneral && sub == 0:
		return discoverOperations(in)
	case class == mediaSanitize && sub == 0:
		return t.overwrite(in, sanitizeValue), nil
	case class == mediaSanitize && sub == 1:
		return t.overwrite(in, 0), nil
	}
	return unsupported, nil
}

// discoverOperations lists the operations but this one: sanitize and zero.
func discoverOperations(in []byte) (code, []byte) {
	if len(in) < 12 {
		return badLength, nil
	}
	all := []byte{mediaSanitize, 0, mediaSanitize, 1}
	total := len(all) / 2
	first, most := int(binary.LittleEndian.Uint16(in[8:])), int(binary.LittleEndian.Uint16(in[10:]))
	if binary.LittleEndian.Uint32(in[4:]) != 0 || first >= total {
		return invalidInput, nil
	}
	n := min(most, total-first)
	out := binary.LittleEndian.AppendUint64(nil, line)
	out = binary.LittleEndian.AppendUint16(out, uint16(total))
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	return success, append(out, all[2*first:2*(first+n)]...)
}

// overwrite fills ranges when its time has passed.
func (t *Type3) overwrite(in []byte, value byte) code {
	n := uint64(binary.LittleEndian.Uint32(in[4:]))
	switch {
	case n == 0:
		return success
	case uint64(len(in)) < 8+16*n:
		return badLength
	}
	f, sum := filling{Value: value}, uint64(0)
	for i := range n {
		a := area{binary.LittleEndian.Uint64(in[8+16*i:]), binary.LittleEndian.Uint64(in[16+16*i:])}
		if !t.usable(a) {
			return invalidInput
		}
		f.Areas = append(f.Areas, a)
		sum += a.Length
	}
	t.filling = f
	return t.start(opMediaOperations, eraseTime(sum))
}

// usable reports whether an area is whole lines of memory that is there; dynamic
// capacity has to be accepted.
func (t *Type3) usable(a area) bool {
	end := a.Start + a.Length
	switch {
	case a.Start%line != 0, a.Length%line != 0, a.Length == 0, end < a.Start, end > t.media.total():
		return false
	case end > t.media.static():
		return a.Start >= t.media.static() && t.backed(a.Start, a.Length)
	}
	return true
}

// filled is the end of a media operation.
func (t *Type3) filled() {
	for _, a := range t.filling.Areas {
		t.media.fill(a.Start, a.Length, t.filling.Value)
	}
	t.filling = filling{}
}
