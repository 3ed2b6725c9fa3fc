package cxl

import "encoding/binary"

// Warnings of the alert configuration, by their bits.
const (
	warnLifeUsed = 1 << iota
	warnHot
	warnCold
	warnVolatile
	warnPersistent
)

// alerts is the alert configuration, CXL 3.1 section 8.2.9.9.3.2: from where on
// the device warns, and what is critical.
type alerts struct {
	Enabled              uint8
	LifeCritical, Life   uint8 // percent used
	HotCritical          uint16
	ColdCritical         uint16 // degrees Celsius, as below
	Hot, Cold            uint16
	Volatile, Persistent uint16 // corrected errors
}

// defaultAlerts are those of QEMU.
var defaultAlerts = alerts{LifeCritical: 75, Life: 40, HotCritical: 35, ColdCritical: 10, Hot: 25, Cold: 20}

// getAlerts is Get Alert Configuration.
func (t *Type3) getAlerts([]byte) (code, []byte) {
	a := &t.alerts
	out := []byte{0, a.Enabled, a.LifeCritical, a.Life}
	for _, v := range []uint16{a.HotCritical, a.ColdCritical, a.Hot, a.Cold, a.Volatile, a.Persistent} {
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	return success, out
}

// setAlerts is Set Alert Configuration, section 8.2.9.9.3.3: the thresholds whose
// bits are set in the first byte. A warning has to come before what is critical.
func (t *Type3) setAlerts(in []byte) (code, []byte) {
	a, which := &t.alerts, in[0]
	word := func(i int) uint16 { return binary.LittleEndian.Uint16(in[4+2*i:]) }
	if which&warnLifeUsed != 0 {
		if in[2] >= a.LifeCritical {
			return invalidInput, nil
		}
		a.Life = in[2]
		a.Enabled |= warnLifeUsed
	}
	for i, w := range []struct {
		bit uint8
		to  *uint16
		bad bool
	}{
		{warnHot, &a.Hot, word(0) >= a.HotCritical},
		{warnCold, &a.Cold, word(1) <= a.ColdCritical},
		{warnVolatile, &a.Volatile, false},
		{warnPersistent, &a.Persistent, false},
	} {
		if which&w.bit == 0 {
			continue
		}
		if w.bad {
			return invalidInput, nil
		}
		*w.to = word(i)
		a.Enabled |= w.bit
	}
	return success, nil
}
