package hmp

import "github.com/qomd/qomd/devices/machine"

// machineCheckRows is the command that injects errors of the hardware.
func machineCheckRows() []*command {
	return []*command{{
		names: "mce", args: "broadcast:-b,cpu_index:i,bank:i,status:l,mcg_status:l,addr:l,misc:l",
		params: "[-b] cpu bank status mcgstatus addr misc", help: "tell a processor of an error of the hardware; -b: and all others",
		run: machineCheck,
	}}
}

func machineCheck(r *run) error {
	slot := r.h.processor(r.args.number("cpu_index"))
	if slot == nil { // as in QEMU nobody hears of it
		return nil
	}
	err := r.h.m.CheckProcessor(slot, machine.MachineCheck{
		Bank: r.args.number("bank"), Status: uint64(r.args.number("status")),
		GlobalStatus: uint64(r.args.number("mcg_status")), Broadcast: r.args.flag("broadcast"),
	}, func(text string) { r.printf("%s", text) })
	if err != nil {
		r.printf("%s\n", err)
	}
	return nil
}
