package catalog

// Ways are what a QEMU did otherwise than QEMU 11.1 does, where neither its
// schema nor its types tell and it is more than the words of an error. They were
// found by giving the same programs to QEMU 11.1.3 and 7.2.22. The zero value is
// QEMU 11.1.
type Ways struct {
	// TextDevices: arguments of device_add are options of a command line.
	TextDevices bool
	// LateSyntax: mistakes in JSON are told when the value is over.
	LateSyntax bool
	// SingleStep: query-status tells of single steps.
	SingleStep bool
	// LooseBoard: parts of a board's bridges stand beside the bridges.
	LooseBoard bool
	// LegacyCPUs: the guest has to ask for the registers by which processors go.
	LegacyCPUs bool
	// NoRootHandler: a root bus without hot-plug has no handler of it.
	NoRootHandler bool
	// IndexByHandler: an acpi-index is looked at where ACPI plugs devices only.
	IndexByHandler bool
	// LateRoots: the tree's places for objects and consoles are made when the
	// first of them is, and there is none for sound backends.
	LateRoots bool
	// ShowBootOrder: the machine tells that it has no order to boot in.
	ShowBootOrder bool
	// TypeBeforeBus: device_add refuses types that cannot be hot-plugged before it
	// looks for a bus.
	TypeBeforeBus bool
	// FormerMigration: settings of migration are printed in another order, and one
	// whose address is none begins and fails.
	FormerMigration bool
	// AnySlot: a function without an address may be plugged behind function 0 of the
	// only slot of a port, where no guest finds it.
	AnySlot bool
	// PortsHandle: a port without hot-plug refuses devices itself.
	PortsHandle bool
	// PowerLED: a reset lights the power indicator of a populated slot.
	PowerLED bool
	// BlockSizeRange: the size of a block is refused for its range or its form.
	BlockSizeRange bool
	// StuckMemory: virtio-mem cannot be unplugged.
	StuckMemory bool
	// NoVirtio: a machine without virtio devices has an empty list of them.
	NoVirtio bool
	// BareCPUs: "info cpus" does not tell their models.
	BareCPUs bool
	// BareMistakes: some commands of the human monitor do not say "Error:" before
	// what is wrong.
	BareMistakes bool
	// DumpOpens: a dump that cannot be created could not be opened.
	DumpOpens bool
	// QuietDebugger: what is wrong with the device of a debugger is not followed by
	// what comes of it.
	QuietDebugger bool
	// PlainRegions: "info mtree" calls a container "i/o".
	PlainRegions bool
	// OddBARs: "info pci" prints addresses that are none.
	OddBARs bool
	// PlainNVMe: a controller needs no subsystem, and name spaces are not plugged
	// while the machine runs.
	PlainNVMe bool
	// LateSiblings: features that tell of other threads are none of a processor's
	// properties.
	LateSiblings bool
	// StickBlocks: a USB disk tells of the sizes of blocks that it chose.
	StickBlocks bool
	// ShortTopology: processors come in sockets, dies, clusters, cores and
	// threads only.
	ShortTopology bool
	// AMDBroadcasts: machine checks of AMD's processors reach all processors.
	AMDBroadcasts bool
}

// Ways returns what the catalog's QEMU did otherwise.
func (c *Catalog) Ways() Ways {
	return Ways{
		TextDevices: c.UpTo(9, 1),
		LateSyntax:  c.UpTo(7, 2),
		SingleStep:  c.UpTo(7, 2),
		LooseBoard:  c.UpTo(7, 2),

		LegacyCPUs:      c.UpTo(10, 0),
		NoRootHandler:   c.UpTo(7, 2),
		IndexByHandler:  c.UpTo(7, 2),
		LateRoots:       c.UpTo(7, 2),
		ShowBootOrder:   c.UpTo(7, 2),
		ShortTopology:   c.UpTo(7, 2),
		TypeBeforeBus:   c.UpTo(7, 2),
		FormerMigration: c.UpTo(7, 2),
		AnySlot:         c.UpTo(7, 2),
		PortsHandle:     c.UpTo(7, 2),
		PowerLED:        c.UpTo(7, 2),
		BlockSizeRange:  c.UpTo(7, 2),
		StuckMemory:     c.UpTo(7, 2),
		NoVirtio:        c.UpTo(7, 2),
		BareCPUs:        c.UpTo(7, 2),
		BareMistakes:    c.UpTo(7, 2),
		DumpOpens:       c.UpTo(7, 2),
		QuietDebugger:   c.UpTo(7, 2),
		PlainRegions:    c.UpTo(7, 2),
		OddBARs:         c.UpTo(7, 2),
		PlainNVMe:       c.UpTo(7, 2),
		LateSiblings:    c.UpTo(7, 2),
		StickBlocks:     c.UpTo(7, 2),
		AMDBroadcasts:   c.UpTo(7, 2),
	}
}
