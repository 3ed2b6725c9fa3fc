package cxl

import (
	"encoding/binary"
	"slices"
)

// Logs of events, as the mailbox numbers them.
const (
	LogInformational = iota
	LogWarning
	LogFailure
	LogFatal
	logCapacity
	numLogs
)

const (
	recordSize   = 128
	logLimit     = 8 // records; QEMU's logs are no larger
	eventsHeader = 0x20
	mostRecords  = (payloadSize - eventsHeader) / recordSize

	eventsOverflow = 1 << 0
	eventsMore     = 1 << 1

	firstEventVector = 2 // one for each log; the last shares with the first
	policyMSIX       = 1
	policyMask       = 3
)

// eventLog is one of the device's logs.
type eventLog struct {
	Records    [][]byte
	Last       uint16 // handle that was given last
	Lost       uint16 // records that found the log full
	FirstLost  uint64 // device time, as LastLost
	LastLost   uint64
	Interrupts bool // the guest wants to be told
}

// vector is the log's interrupt vector.
func vector(log int) int {
	if log == logCapacity {
		log = LogInformational
	}
	return firstEventVector + log
}

// eventStatus is the event status register, CXL 3.1 section 8.2.8.3.1: which
// logs have records.
func (t *Type3) eventStatus() uint32 {
	status := uint32(0)
	for i := range t.logs {
		if len(t.logs[i].Records) > 0 {
			status |= 1 << i
		}
	}
	return status
}

// insert adds a record to a log, and interrupts the guest when the log was
// empty. Handle and time are filled in.
func (t *Type3) insert(log int, record []byte) {
	l := &t.logs[log]
	if len(l.Records) >= logLimit {
		if l.Lost == 0 {
			l.FirstLost = t.now()
		}
		l.Lost++
		l.LastLost = t.now()
		return
	}
	if l.Last++; l.Last == 0 {
		l.Last = 1 // 0 is no handle
	}
	binary.LittleEndian.PutUint16(record[recordHandle:], l.Last)
	binary.LittleEndian.PutUint64(record[recordTime:], t.now())
	if l.Records = append(l.Records, record); len(l.Records) == 1 {
		t.interrupt()
	}
}

// interrupt tells the guest of every log that has records and that it wants to
// hear of.
func (t *Type3) interrupt() {
	for i := range t.logs {
		if l := &t.logs[i]; l.Interrupts && len(l.Records) > 0 {
			t.NotifyMSIX(vector(i))
		}
	}
}

// getEvents is Get Event Records, section 8.2.9.2.2.
func (t *Type3) getEvents(in []byte) (code, []byte) {
	if in[0] >= numLogs {
		return invalidInput, nil
	}
	l, out := &t.logs[in[0]], make([]byte, eventsHeader)
	if len(l.Records) > 0 {
		out[0] |= eventsMore
	}
	if l.Lost > 0 {
		out[0] |= eventsOverflow
		binary.LittleEndian.PutUint16(out[2:], l.Lost)
		binary.LittleEndian.PutUint64(out[4:], l.FirstLost)
		binary.LittleEndian.PutUint64(out[12:], l.LastLost)
	}
	n := min(len(l.Records), mostRecords)
	binary.LittleEndian.PutUint16(out[20:], uint16(n))
	return success, append(out, slices.Concat(l.Records[:n]...)...)
}

// clearEvents is Clear Event Records, section 8.2.9.2.3: the handles of the
// oldest records, in their order.
func (t *Type3) clearEvents(in []byte) (code, []byte) {
	if len(in) < 6 || len(in) < 6+2*int(in[2]) {
		return badLength, nil
	}
	if in[0] >= numLogs {
		return invalidInput, nil
	}
	l := &t.logs[in[0]]
	n := min(int(in[2]), len(l.Records))
	for i, r := range l.Records[:n] {
		if handle := binary.LittleEndian.Uint16(in[6+2*i:]); handle != binary.LittleEndian.Uint16(r[recordHandle:]) {
			return invalidInput, nil
		}
	}
	if n > 0 {
		l.Records = slices.Clone(l.Records[n:])
		l.Lost, l.FirstLost, l.LastLost = 0, 0, 0
	}
	return success, nil
}

// getEventPolicy is Get Event Interrupt Policy, section 8.2.9.2.4: mode and
// vector for each log.
func (t *Type3) getEventPolicy([]byte) (code, []byte) {
	out := make([]byte, numLogs)
	for i := range t.logs {
		if !t.logs[i].Interrupts {
			continue
		}
		out[i] = policyMSIX
		if i != logCapacity {
			out[i] |= byte(vector(i)) << 4
		}
	}
	return success, out
}

// setEventPolicy is Set Event Interrupt Policy, section 8.2.9.2.5. The last byte,
// for dynamic capacity, may be missing.
func (t *Type3) setEventPolicy(in []byte) (code, []byte) {
	if len(in) < numLogs-1 {
		return badLength, nil
	}
	for i := range min(len(in), numLogs) {
		t.logs[i].Interrupts = in[i]&policyMask == policyMSIX
	}
	return success, nil
}

// dropEvents empties all logs.
func (t *Type3) dropEvents() {
	for i := range t.logs {
		l := &t.logs[i]
		l.Records, l.Lost, l.FirstLost, l.LastLost = nil, 0, 0, 0
	}
}
