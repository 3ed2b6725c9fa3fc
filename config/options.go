package config

// effect is what becomes of an option.
type effect int

const (
	applies effect = iota // it is part of the description
	ignored               // it is accepted and has no effect here, for the reason noted
	refused               // it is known to QEMU and not offered here
)

// option is one option of QEMU's command line.
type option struct {
	name   string
	arg    bool // an argument follows
	silent bool // "-help" of some QEMU does not mention it, although it has it
	own    bool // QEMU does not have it
	effect effect
	note   string // why it is ignored or refused, or how it differs from QEMU's
	words  string // what QEMU says where it lacks what is refused here
	apply  func(b *builder, a argument) error
}

// argument is one option as it was used.
type argument struct {
	name   string // without dashes
	value  string
	origin Origin
}

// Reasons that several options share.
const (
	noCode   = "no guest code runs"
	noScreen = "there is no display"
	noHost   = "no host resource is used that it could limit"
)

// options are those of every QEMU for x86 that can be taken for another: 11.1
// and what 7.2 had besides. The catalog says which of them there are.
var options = []option{
	{name: "h", apply: (*builder).help},
	{name: "help", apply: (*builder).help},
	{name: "version", apply: (*builder).help},

	{name: "catalog", arg: true, own: true, note: "qomd's own: the QEMU to be, by name or file"}, // see chooseCatalog

	{name: "machine", arg: true, apply: (*builder).machineOption},
	{name: "M", arg: true, silent: true, apply: (*builder).machineOption},
	{name: "cpu", arg: true, apply: (*builder).cpu},
	{name: "accel", arg: true, apply: (*builder).accel},
	{name: "enable-kvm", apply: machineSwitch("accel", "kvm")},
	{name: "smp", arg: true, apply: keyvalUnder("smp", "cpus")},
	{name: "boot", arg: true, apply: keyvalUnder("boot", "order")},
	{name: "numa", arg: true, apply: inGroup("numa")},
	{name: "m", arg: true, apply: inGroup("memory")},
	{name: "usb", apply: machineSwitch("usb", "on")},
	{name: "no-acpi", apply: machineSwitch("acpi", "off")},
	{name: "no-hpet", apply: machineSwitch("hpet", "off")},
	{name: "kernel", arg: true, apply: machineProperty("kernel")},
	{name: "initrd", arg: true, apply: machineProperty("initrd")},
	{name: "append", arg: true, apply: machineProperty("append")},
	{name: "shim", arg: true, apply: machineProperty("shim")},
	{name: "dtb", arg: true, apply: machineProperty("dtb")},
	{name: "bios", arg: true, apply: machineProperty("firmware")},

	{name: "name", arg: true, apply: inGroup("name")},
	{name: "uuid", arg: true, apply: (*builder).uuid},
	{name: "S", apply: flag(func(m *Machine) *bool { return &m.Paused })},
	{name: "preconfig", apply: flag(func(m *Machine) *bool { return &m.Preconfig })},
	{name: "snapshot", apply: flag(func(m *Machine) *bool { return &m.Snapshot })},
	{name: "nodefaults", apply: flag(func(m *Machine) *bool { return &m.NoDefaults })},
	{name: "no-user-config", apply: flag(func(m *Machine) *bool { return &m.NoUserConfig })},
	{name: "nographic", apply: flag(func(m *Machine) *bool { return &m.Nographic })},
	{name: "daemonize", apply: flag(func(m *Machine) *bool { return &m.Daemonize })},
	{name: "pidfile", arg: true, apply: text(func(m *Machine) *string { return &m.PIDFile })},
	{name: "D", arg: true, apply: text(func(m *Machine) *string { return &m.LogFile })},
	{name: "qtest", arg: true, silent: true, apply: (*builder).qtest},
	{name: "qtest-log", arg: true, silent: true, apply: text(func(m *Machine) *string { return &m.QTestLog })},
	{name: "no-shutdown", apply: action("shutdown", "pause")},
	{name: "no-reboot", apply: action("reboot", "shutdown")},
	{name: "watchdog-action", arg: true, apply: (*builder).watchdog},
	{name: "action", arg: true, apply: inGroup("action")},
	{name: "incoming", arg: true, apply: (*builder).incoming},
	{name: "loadvm", arg: true, apply: text(func(m *Machine) *string { return &m.LoadVM })},
	{name: "rtc", arg: true, apply: inGroup("rtc")},
	{name: "compat", arg: true, apply: (*builder).compat},
	{name: "msg", arg: true, apply: inGroup("msg")},
	{name: "add-fd", arg: true, apply: inGroup("add-fd")},
	{name: "set", arg: true, apply: (*builder).set},
	{name: "readconfig", arg: true, apply: (*builder).readConfigOption},

	{name: "device", arg: true, apply: (*builder).device},
	{name: "object", arg: true, apply: (*builder).objectOption},
	{name: "global", arg: true, apply: (*builder).global},
	{name: "chardev", arg: true, apply: inGroup("chardev")},
	{name: "mon", arg: true, apply: (*builder).mon},
	{name: "qmp", arg: true, apply: (*builder).monitorWord},
	{name: "qmp-pretty", arg: true, apply: (*builder).monitorWord},
	{name: "monitor", arg: true, apply: (*builder).monitorWord},
	{name: "serial", arg: true, apply: (*builder).serial},
	{name: "parallel", arg: true, apply: (*builder).parallel},
	{name: "drive", arg: true, apply: inGroup("drive")},
	{name: "blockdev", arg: true, apply: (*builder).blockdev},
	{name: "netdev", arg: true, apply: (*builder).netdev},
	{name: "tpmdev", arg: true, apply: (*builder).tpmdev},
	{name: "nic", arg: true, apply: (*builder).nic},
	{name: "net", arg: true, apply: (*builder).nic},
	{name: "display", arg: true, apply: (*builder).display},
	{name: "vga", arg: true, apply: (*builder).vga},
	{name: "audio", arg: true, apply: (*builder).audio},
	{name: "audiodev", arg: true, apply: (*builder).audiodev},

	{name: "k", arg: true, effect: ignored, note: noScreen},
	{name: "full-screen", effect: ignored, note: noScreen},
	{name: "portrait", effect: ignored, note: noScreen},
	{name: "rotate", arg: true, effect: ignored, note: noScreen},
	{name: "singlestep", effect: ignored, note: noCode},
	{name: "sandbox", arg: true, effect: ignored, note: noHost, apply: checkedGroup("sandbox", checkSandbox)},
	{name: "overcommit", arg: true, effect: ignored, note: noHost, apply: checkedGroup("overcommit", checkOvercommit)},
	{name: "mem-prealloc", effect: ignored, note: "guest memory is sparse"},
	{name: "L", arg: true, effect: ignored, note: noCode},
	{name: "smbios", arg: true, apply: (*builder).smbios},
	{name: "icount", arg: true, effect: ignored, note: noCode, apply: checkedGroup("icount", checkICount)},
	{name: "win2k-hack", effect: ignored, note: noCode},
	{name: "seed", arg: true, effect: ignored, note: noCode, apply: checked(checkSeed)},
	{name: "d", arg: true, note: "trace points (trace:PATTERN) only", apply: (*builder).logItems},
	{name: "dfilter", arg: true, effect: ignored, note: noCode, apply: checked(checkRanges)},
	{name: "trace", arg: true, note: "of QEMU's points those that trace-event-get-state tells; no file with a list", apply: addTrace},
	{name: "perfmap", effect: ignored, note: noCode},
	{name: "jitdump", effect: ignored, note: noCode},
	{name: "enable-sync-profile", apply: flag(func(m *Machine) *bool { return &m.ProfileLock })},
	{name: "only-migratable", apply: flag(func(m *Machine) *bool { return &m.OnlyMigratable })},
	{name: "echr", arg: true, apply: (*builder).escape},

	{name: "chroot", arg: true, apply: (*builder).chroot},
	{name: "runas", arg: true, apply: (*builder).runas},
	{name: "async-teardown", effect: ignored, note: noHost},
	{name: "audio-help", apply: (*builder).help},
	{name: "run-with", arg: true, apply: (*builder).runWith},
	{name: "fw_cfg", arg: true, note: "an entry made by an object (gen_id) is not there", apply: (*builder).firmwareEntry},
	{name: "acpitable", arg: true, note: "it is item 0x8000 of fw_cfg; the files etc/acpi and etc/table-loader are not there", apply: (*builder).acpiTable},
	{name: "no-fd-bootchk", effect: ignored, note: noCode},
	{name: "option-rom", arg: true, effect: ignored, note: noCode, apply: inGroup("option-rom")},
	{name: "mem-path", arg: true, apply: text(func(m *Machine) *string { return &m.MemoryPath })},
	{name: "vnc", arg: true, apply: (*builder).vnc, note: "the screen stays black; no SASL"},
	{name: "spice", arg: true, effect: refused, note: "a SPICE server", words: "There is no option group 'spice'\nPerhaps you want to install qemu-system-modules-spice package?"},
	{name: "gdb", arg: true, apply: (*builder).debugger, note: "no guest code runs: breakpoints are never hit, steps never end"},
	{name: "s", apply: (*builder).debugger, note: "as -gdb"},
	{name: "debugcon", arg: true, apply: (*builder).debugcon},
	{name: "dump-vmstate", arg: true, effect: refused, note: "saved machines"},
	{name: "plugin", arg: true, effect: refused, note: "plugins", words: "plugin interface not enabled in this build"},
	{name: "fsdev", arg: true, apply: (*builder).fsdev, note: "driver local, on Linux; no security_model mapped-file, no 9P2000.u"},
	{name: "virtfs", arg: true, apply: (*builder).virtfs, note: "as -fsdev"},
	{name: "iscsi", arg: true, effect: ignored, note: "there are no iSCSI images"},
	{name: "hda", arg: true, apply: image(pair{"index", "0"}, pair{"media", "disk"})},
	{name: "hdb", arg: true, apply: image(pair{"index", "1"}, pair{"media", "disk"})},
	{name: "hdc", arg: true, apply: image(pair{"index", "2"}, pair{"media", "disk"})},
	{name: "hdd", arg: true, apply: image(pair{"index", "3"}, pair{"media", "disk"})},
	{name: "fda", arg: true, apply: image(pair{"if", "floppy"}, pair{"index", "0"})},
	{name: "fdb", arg: true, apply: image(pair{"if", "floppy"}, pair{"index", "1"})},
	{name: "cdrom", arg: true, apply: image(pair{"index", "2"}, pair{"media", "cdrom"})},
	{name: "sd", arg: true, apply: image(pair{"if", "sd"})},
	{name: "mtdblock", arg: true, apply: image(pair{"if", "mtd"})},
	{name: "pflash", arg: true, apply: image(pair{"if", "pflash"}), note: "the image is opened, and nothing runs from it"},
	{name: "usbdevice", arg: true, apply: (*builder).usbDevice},
	{name: "xen-domid", arg: true, effect: ignored, note: "there is no Xen"},
	{name: "xen-attach", effect: refused, note: "Xen", words: "Option not supported for this target"},
	{name: "xen-domid-restrict", effect: refused, note: "Xen", words: "Option not supported for this target"},
}

// findOption looks an option up by its name without dashes.
func findOption(name string) *option {
	for i := range options {
		if options[i].name == name {
			return &options[i]
		}
	}
	return nil
}
