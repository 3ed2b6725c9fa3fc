package gdb

import (
	"encoding/hex"
	"fmt"
)

// maxPacket is the longest packet that is taken or sent; QEMU's.
const maxPacket = 131104

// interrupt is the byte by which a debugger stops the machine.
const interrupt = 0x03

// frames takes packets out of a stream: $DATA#SUM.
type frames struct {
	state int
	data  []byte
	sum   byte    // of the bytes as they came
	given [2]byte // the digits of the sum that came
}

const (
	outside = iota
	inside
	escaped
	firstDigit
	secondDigit
)

// feed takes a byte. done is set when it ends a packet; then ok says whether the
// sum is right.
func (f *frames) feed(b byte) (packet string, done, ok bool) {
	switch f.state {
	case outside:
		if b == '$' {
			*f = frames{state: inside, data: f.data[:0]}
		}
	case inside, escaped:
		f.take(b)
	case firstDigit:
		f.given[0], f.state = b, secondDigit
	case secondDigit:
		f.given[1], f.state = b, outside
		var sum [1]byte
		_, err := hex.Decode(sum[:], f.given[:])
		return string(f.data), true, err == nil && sum[0] == f.sum
	}
	return "", false, false
}

// take takes a byte of a packet's inside.
func (f *frames) take(b byte) {
	switch {
	case f.state == inside && b == '#':
		f.state = firstDigit
		return
	case len(f.data) == maxPacket:
		f.state = outside
		return
	case f.state == inside && b == '}':
		f.state = escaped
	case f.state == escaped:
		f.data, f.state = append(f.data, b^0x20), inside
	default:
		f.data = append(f.data, b)
	}
	f.sum += b
}

// frame makes a packet of data, which is text without any of $#}*.
func frame(data string) []byte {
	sum := byte(0)
	for _, b := range []byte(data) {
		sum += b
	}
	return fmt.Appendf(nil, "$%s#%02x", data, sum)
}
