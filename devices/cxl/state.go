package cxl

import "github.com/qomd/qomd/devices/vmstate"

// VMState implements [vmstate.Stater].
func (t *Type3) VMState(f *vmstate.Fields) {
	t.Device.VMState(f)
	f.Field("component", &t.component.regs)
	f.Field("errors", &t.component.errors)
	f.Field("media-disabled", &t.disabled)
	f.Field("mailbox-control", &t.mailbox.control)
	f.Field("mailbox-command", &t.mailbox.command)
	f.Field("mailbox-status", &t.mailbox.status)
	f.Field("mailbox-payload", &t.mailbox.payload)
	f.Field("clock", &t.clock)
	f.Field("logs", &t.logs)
	f.Field("poison", &t.poison)
	f.Field("scan", &t.scan)
	f.Field("filling", &t.filling)
	f.Field("alerts", &t.alerts)
	f.Field("capacity", &t.capacity)
	t.background.vmState(f, t)
}

func (b *background) vmState(f *vmstate.Fields, t *Type3) {
	b.clock = t.Env().Clock
	f.Field("background-opcode", &b.opcode)
	f.Field("background-started", &b.started)
	f.Field("background-lasts", &b.lasts)
	f.Field("background-percent", &b.percent)
	f.Field("background-result", &b.result)
	b.alarm.VMState(f, "background-ends", t.Qdev(), t.what(), t.finish)
}
