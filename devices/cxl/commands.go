package cxl

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Effects of a command, as the Command Effects Log tells them, CXL 3.1 table
// 8-75.
const (
	effectConfig     = 1 << 1 // immediate configuration change
	effectData       = 1 << 2
	effectPolicy     = 1 << 3
	effectLog        = 1 << 4
	effectSecurity   = 1 << 5
	effectBackground = 1 << 6
	effectAbortable  = 1 << 7
)

// command is a mailbox command.
type command struct {
	run      func(*Type3, []byte) (code, []byte)
	in       int // length of the payload; -1: the command looks itself
	effects  uint16
	media    bool // refused while the media is disabled
	capacity bool // only of devices with dynamic capacity
}

// newCommands lists the commands by their numbers, CXL 3.1 table 8-37.
func newCommands() map[uint16]command {
	return map[uint16]command{
		0x0005: {run: (*Type3).abortBackground, in: 0},
		0x0100: {run: (*Type3).getEvents, in: 1, media: true},
		0x0101: {run: (*Type3).clearEvents, in: -1, effects: effectLog},
		0x0102: {run: (*Type3).getEventPolicy, in: 0},
		0x0103: {run: (*Type3).setEventPolicy, in: -1, effects: effectConfig},
		0x0300: {run: (*Type3).getTimestamp, in: 0},
		0x0301: {run: (*Type3).setTimestamp, in: 8, effects: effectPolicy},
		0x0400: {run: (*Type3).supportedLogs, in: 0},
		0x0401: {run: (*Type3).getLog, in: 0x18, media: true},
		0x4000: {run: (*Type3).identify, in: 0},
		0x4100: {run: (*Type3).partitions, in: 0, media: true},
		0x4102: {run: (*Type3).getLabels, in: 8, media: true},
		0x4103: {run: (*Type3).setLabels, in: -1, effects: effectConfig | effectData, media: true},
		0x4201: {run: (*Type3).getAlerts, in: 0},
		0x4202: {run: (*Type3).setAlerts, in: 12, effects: effectPolicy},
		0x4300: {run: (*Type3).getPoison, in: 16, media: true},
		0x4301: {run: (*Type3).injectPoison, in: 8, media: true},
		0x4302: {run: (*Type3).clearPoison, in: 72, media: true},
		0x4303: {run: (*Type3).scanCapabilities, in: 16},
		0x4304: {run: (*Type3).scanMedia, in: 17, effects: effectBackground | effectAbortable},
		0x4305: {run: (*Type3).scanResults, in: 0},
		0x4400: {run: (*Type3).sanitize, in: 0, effects: effectData | effectSecurity | effectBackground | effectAbortable, media: true},
		0x4402: {run: (*Type3).mediaOperations, in: -1, effects: effectData | effectBackground},
		0x4500: {run: (*Type3).securityState, in: 0},
		0x4800: {run: (*Type3).capacityConfig, in: 2, capacity: true},
		0x4801: {run: (*Type3).listExtents, in: 8, capacity: true},
		0x4802: {run: (*Type3).acceptCapacity, in: -1, effects: effectData, capacity: true},
		0x4803: {run: (*Type3).releaseCapacity, in: -1, effects: effectData, capacity: true},
	}
}

// effectsLog is the Command Effects Log, section 8.2.9.5.2.1: numbers and effects
// of the commands that there are.
func (t *Type3) effectsLog() []byte {
	var log []byte
	for _, op := range slices.Sorted(maps.Keys(t.commands)) {
		if c := t.commands[op]; t.offers(c) {
			log = binary.LittleEndian.AppendUint16(log, op)
			log = binary.LittleEndian.AppendUint16(log, c.effects)
		}
	}
	return log
}

// offers reports whether the device has a command.
func (t *Type3) offers(c command) bool { return !c.capacity || len(t.regions) > 0 }
