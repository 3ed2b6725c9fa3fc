package chipset

// ROM is a piece of firmware that the board gets at its reset.
type ROM struct {
	Name string // what it was made from
	// Region is the memory it is in, empty for one that the guest loads from
	// fw_cfg itself; Folder is where it stands there then.
	Region, Folder string
	At             uint64 // guest address of a fixed region, else 0
	Size           uint64 // bytes, those it may grow to
}

// roms are those of every PC, in the order in which QEMU lists them.
var roms = []ROM{
	{Name: "kvmvapic.bin", Folder: "genroms", Size: 9 * kib},
	{Name: "bios-256k.bin", Region: "pc.bios", At: 0xfffc0000, Size: 256 * kib},
	{Name: "etc/acpi/tables", Region: "/rom@etc/acpi/tables", Size: 2048 * kib},
	{Name: "etc/table-loader", Region: "/rom@etc/table-loader", Size: 64 * kib},
	{Name: "etc/acpi/rsdp", Region: "/rom@etc/acpi/rsdp", Size: 4 * kib},
}

// ROMs lists the firmware of the board.
func (b *Board) ROMs() []ROM { return roms }
