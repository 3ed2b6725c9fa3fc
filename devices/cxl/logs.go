package cxl

import (
	"bytes"
	"encoding/binary"
)

// effectsLogID names the Command Effects Log.
var effectsLogID = []byte{0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78, 0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17}

// logRoom is up to where the log may be read: there could be all numbers in it.
const logRoom = 4 << 16

// supportedLogs is Get Supported Logs, CXL 3.1 section 8.2.9.5.1.
func (t *Type3) supportedLogs([]byte) (code, []byte) {
	out := append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, effectsLogID...)
	return success, binary.LittleEndian.AppendUint32(out, uint32(len(t.effectsLog())))
}

// getLog is Get Log, section 8.2.9.5.2. What is behind the log's end reads as
// zeros.
func (t *Type3) getLog(in []byte) (code, []byte) {
	offset, n := uint64(binary.LittleEndian.Uint32(in[16:])), uint64(binary.LittleEndian.Uint32(in[20:]))
	switch {
	case n > payloadSize:
		return invalidInput, nil
	case !bytes.Equal(in[:16], effectsLogID):
		return invalidLog, nil
	case offset+n >= logRoom:
		return invalidInput, nil
	}
	out, log := make([]byte, n), t.effectsLog()
	copy(out, log[min(offset, uint64(len(log))):])
	return success, out
}
