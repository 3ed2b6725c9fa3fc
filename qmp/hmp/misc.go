package hmp

import (
	"fmt"
	"strings"
)

// miscRows are the commands on single parts of the machine and of QEMU.
func miscRows() []*command {
	return []*command{
		{names: "balloon", args: "value:M", params: "target", help: "ask the guest to give memory back, until it has that many megabytes",
			qmp: "balloon", run: forward("balloon", "value")},
		{names: "boot_set", args: "bootdevice:s", params: "bootdevice", help: "say from what to boot, by letters", run: bootSet},
		{names: "watchdog_action", args: "action:s", params: "[reset|shutdown|poweroff|pause|debug|none|inject-nmi]",
			help: "say what happens when a watchdog fires", qmp: "watchdog-set-action",
			run: watchdogAction, complete: completeChoice("watchdog-set-action", "action")},
		{names: "nmi", help: "interrupt the guest where nothing else can", qmp: "inject-nmi", run: forward("inject-nmi")},
		{names: "getfd", args: "fdname:s", params: "getfd name", help: "give a name to the file descriptor that came with the line",
			qmp: "getfd", run: forward("getfd", "fdname")},
		{names: "closefd", args: "fdname:s", params: "closefd name", help: "close a file descriptor that was given a name",
			qmp: "closefd", run: forward("closefd", "fdname")},
		{names: "dumpdtb", args: "filename:F", params: "filename", help: "save the device tree", qmp: "dumpdtb",
			run: forward("dumpdtb", "filename")},
		{names: "dump-guest-memory", qmp: "dump-guest-memory",
			args:   "paging:-p,detach:-d,windmp:-w,zlib:-z,lzo:-l,snappy:-s,raw:-R,filename:F,begin:l?,length:l?",
			params: "[-p] [-d] [-z|-l|-s|-w] [-R] filename [begin length]",
			help: "save the guest's memory, or length bytes from begin on; -p: with the guest's mapping; -d: do not wait; " +
				"-z, -l, -s: compressed by zlib, lzo, snappy; -R: without makedumpfile's frame; -w: as Windows does",
			run: dumpMemory},
		{names: "set_password", args: "protocol:s,password:s,display:-ds,connected:s?", qmp: "set_password",
			params: "protocol password [-d display] [action-if-connected]", help: "set the password of a display",
			run: setPassword},
		{names: "expire_password", args: "protocol:s,time:s,display:-ds", params: "protocol time [-d display]",
			help: "say until when the password of a display counts", qmp: "expire_password",
			run: expirePassword},
		{names: "client_migrate_info", args: "protocol:s,hostname:s,port:i?,tls-port:i?,cert-subject:s?",
			params: "protocol hostname port tls-port cert-subject", help: "tell who looks on where the machine will be",
			qmp: "client_migrate_info", run: forward("client_migrate_info", "protocol", "hostname", "port", "tls-port", "cert-subject")},
		{names: "x_colo_lost_heartbeat", help: "tell COLO that the other machine is silent", qmp: "x-colo-lost-heartbeat",
			run: forward("x-colo-lost-heartbeat")},
	}
}

// bootDevices is how many devices a PC can try.
const bootDevices = 3

// bootSet checks the letters. No firmware runs that would look at them.
func bootSet(r *run) error {
	list := r.args.text("bootdevice")
	if !r.h.m.IsPC() && !r.h.m.IsQ35() {
		r.printf("no function defined to set boot device list for this architecture\n")
		return nil
	}
	for i, c := range []byte(list) {
		switch {
		case c < 'a' || c > 'p':
			r.printf("Invalid boot device '%c'\n", c)
			return nil
		case strings.IndexByte(list[:i], c) >= 0:
			r.printf("Boot device '%c' was given twice\n", c)
			return nil
		}
	}
	if len(list) > bootDevices {
		r.printf("Too many boot devices for PC\n")
		return nil
	}
	for _, c := range []byte(list) {
		if strings.IndexByte("abcdn", c) < 0 {
			r.printf("Invalid boot device for PC: '%c'\n", c)
			return nil
		}
	}
	r.printf("boot device list now set to %s\n", list)
	return nil
}

func watchdogAction(r *run) error {
	if err := r.choice("action", "watchdog-set-action", "action"); err != nil {
		return err
	}
	return r.ask("watchdog-set-action", r.members("action")...)
}

func dumpMemory(r *run) error {
	format, formats := "elf", 0
	for _, f := range []struct{ flag, format string }{
		{"windmp", "win-dmp"}, {"zlib", "kdump-zlib"}, {"lzo", "kdump-lzo"}, {"snappy", "kdump-snappy"},
	} {
		if r.args.flag(f.flag) {
			format, formats = f.format, formats+1
		}
	}
	if formats > 1 {
		return fmt.Errorf("only one of '-z|-l|-s|-w' can be set")
	}
	if r.args.flag("raw") && strings.HasPrefix(format, "kdump-") {
		format = "kdump-raw-" + strings.TrimPrefix(format, "kdump-")
	}
	args := append(r.members("begin", "length"), with("paging", r.args.flag("paging")), with("detach", r.args.flag("detach")),
		with("protocol", "file:"+r.args.text("filename")), with("format", format))
	return r.ask("dump-guest-memory", args...)
}

func setPassword(r *run) error {
	for _, name := range []string{"protocol", "connected"} {
		if r.has(name) {
			if err := r.choice(name, "set_password", name); err != nil {
				return err
			}
		}
	}
	args := r.members("protocol", "password", "connected")
	if r.args.text("protocol") == "vnc" {
		args = append(args, r.members("display")...)
	}
	return r.ask("set_password", args...)
}

func expirePassword(r *run) error {
	if err := r.choice("protocol", "expire_password", "protocol"); err != nil {
		return err
	}
	args := r.members("protocol", "time")
	if r.args.text("protocol") == "vnc" {
		args = append(args, r.members("display")...)
	}
	return r.ask("expire_password", args...)
}

// miscTopics are the topics of "info" on single parts of the machine and of QEMU.
func miscTopics() []*command {
	rows := []*command{
		{names: "dump", help: "how the last dump of memory went", qmp: "query-dump", run: infoDump},
		{names: "firmware-log", args: "max-size:o?", params: "[max-size]", help: "what the firmware has logged",
			qmp: "query-firmware-log", run: forward("query-firmware-log", "max-size")},
	}
	for _, t := range []struct{ name, help, command string }{
		{"accel", "statistics of the accelerator", "x-accel-stats"},
		{"irq", "how often interrupts came", "x-query-irq"},
		{"pic", "interrupt controllers", "x-query-interrupt-controllers"},
		{"ramblock", "blocks of memory", "x-query-ramblock"},
		{"roms", "what firmware would load", "x-query-roms"},
	} {
		rows = append(rows, &command{names: t.name, help: t.help, qmp: t.command, run: readable(t.command)})
	}
	return rows
}

func infoDump(r *run) error {
	o, err := r.object("query-dump")
	if err != nil {
		return err
	}
	r.printf("Status: %s\n", text(o, "status"))
	if text(o, "status") == "active" {
		r.printf("Finished: %.2f %%\n", 100*float64(number(o, "completed"))/float64(max(number(o, "total"), 1)))
	}
	return nil
}
