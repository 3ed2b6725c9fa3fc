package hmp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// aerRows is the command by which PCI Express functions report errors.
func aerRows() []*command {
	return []*command{{
		names: "pcie_aer_inject_error",
		args: "advisory_non_fatal:-a,correctable:-c,id:s,error_status:s,header0:i?,header1:i?,header2:i?,header3:i?," +
			"prefix0:i?,prefix1:i?,prefix2:i?,prefix3:i?",
		params: `[-a] [-c] id <error_status> [<tlp header> [<tlp header prefix>]]`,
		help: "have a PCI Express function report an error, given by its name or its bit; -c: that bit is one of a correctable error; " +
			"-a: if it is not fatal it is told as a correctable one",
		run: injectAER,
	}}
}

// aerNames are the errors that have names, by their bits.
var aerNames = map[string]pci.AERError{
	"DLP": {Status: 1 << 4}, "SDN": {Status: 1 << 5}, "POISON_TLP": {Status: 1 << 12}, "FCP": {Status: 1 << 13},
	"COMP_TIME": {Status: 1 << 14}, "COMP_ABORT": {Status: 1 << 15}, "UNX_COMP": {Status: 1 << 16}, "RX_OVER": {Status: 1 << 17},
	"MALF_TLP": {Status: 1 << 18}, "ECRC": {Status: 1 << 19}, "UNSUP": {Status: 1 << 20}, "ACSV": {Status: 1 << 21},
	"INTN": {Status: 1 << 22}, "MCBTLP": {Status: 1 << 23}, "ATOP_EBLOCKED": {Status: 1 << 24}, "TLP_PRF_BLOCKED": {Status: 1 << 25},
	"RCVR": {Status: 1 << 0, Correctable: true}, "BAD_TLP": {Status: 1 << 6, Correctable: true},
	"BAD_DLLP": {Status: 1 << 7, Correctable: true}, "REP_ROLL": {Status: 1 << 8, Correctable: true},
	"REP_TIMER": {Status: 1 << 12, Correctable: true}, "ADV_NONFATAL": {Status: 1 << 13, Correctable: true},
	"INTERNAL": {Status: 1 << 14, Correctable: true}, "HL_OVERFLOW": {Status: 1 << 15, Correctable: true},
}

func injectAER(r *run) error {
	id := r.args.text("id")
	o := r.h.m.Env().Peripheral.Child(id)
	if o == nil {
		return fmt.Errorf("device '%s' not found", id)
	}
	f := pci.FromDevice(qdev.From(o))
	if f == nil || !f.Express() {
		return fmt.Errorf("device '%s' is not a PCIe device", id)
	}
	e, err := r.aerError()
	if err != nil {
		return err
	}
	if err := f.Report(e); err != nil {
		return fmt.Errorf("failed to inject error: %w", err)
	}
	r.printf("OK id: %s root bus: %s, bus: %x devfn: %x.%x\n", id, f.PCIBus().RootPath(), f.PCIBus().Number(), f.Slot(), f.Func())
	return nil
}

// aerError reads the error that a line is about.
func (r *run) aerError() (e pci.AERError, err error) {
	status, correctable := r.args.text("error_status"), r.args.flag("correctable")
	e, named := aerNames[status]
	switch {
	case named && correctable:
		return e, errors.New("-c is only valid with numeric error status")
	case !named:
		bits, ok := cNumber(status)
		if !ok {
			return e, fmt.Errorf("invalid error status value '%s'", status)
		}
		e = pci.AERError{Status: bits, Correctable: correctable}
	}
	e.Advisory = r.args.flag("advisory_non_fatal")
	e.Header, e.Prefix = r.packetWords("header"), r.packetWords("prefix")
	return e, nil
}

// packetWords reads up to four words of a packet, nil when there is none.
func (r *run) packetWords(name string) []uint32 {
	var words []uint32
	for i := range 4 {
		if word := name + strconv.Itoa(i); r.has(word) {
			words = append(words, uint32(r.args.number(word)))
		}
	}
	return words
}

// cNumber reads a number of 32 bits as C does: with 0x or 0 before it it is not
// decimal, and it may be negative.
func cNumber(text string) (uint32, bool) {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || n < -1<<32+1 || n >= 1<<32 || strings.ContainsAny(text, "_oObB") && !strings.Contains(text, "0x") {
		return 0, false
	}
	return uint32(n), true
}
