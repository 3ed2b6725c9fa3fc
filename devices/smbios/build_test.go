package smbios

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The structures are those that QEMU 11.1.3 made of the same options; testdata has
// what firmware reads there.
func TestBuild(t *testing.T) {
	plain := Machine{
		Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", Version: "pc-q35-11.1",
		Sockets: 1, Cores: 1, Threads: 1, CPUID: [2]uint32{0x60fb1, 0x78bfbfd},
		Memory: 128 << 20, Module: 2 << 40, Areas: []Area{{0, 128 << 20}},
	}
	named := plain
	named.UUID = [16]byte{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}
	large := named
	large.Cores, large.CPUID[1] = 6, 0x178bfbfd
	large.Memory, large.Areas = 4<<30, []Area{{0, 2 << 30}, {4 << 30, 2 << 30}}
	entry := func(typ int, text string) Entry {
		e := Entry{Type: typ}
		for _, p := range strings.Fields(text) {
			name, value, _ := strings.Cut(p, "=")
			e.Pairs = append(e.Pairs, Pair{name, value})
		}
		return e
	}
	for name, test := range map[string]struct {
		machine Machine
		entries []Entry
	}{
		"plain": {plain, nil},
		"large": {large, []Entry{entry(1, "manufacturer=Acme")}},
		"all": {named, []Entry{
			entry(0, "vendor=V version=1.2 date=01/02/2003 uefi=on release=4.5"),
			entry(1, "manufacturer=A product=B version=C serial=D sku=E family=F"),
			entry(2, "manufacturer=A2 product=B2 version=C2 serial=D2 asset=E2 location=F2"),
			entry(3, "manufacturer=A3 version=C3 serial=D3 asset=E3 sku=F3"),
			entry(4, "sock_pfx=S manufacturer=M version=V serial=SS asset=A part=P max-speed=3000 current-speed=2500 processor-id=0x1234 processor-family=0xc6"),
			entry(8, "internal_reference=USB1 external_reference=USB1E connector_type=0x12 port_type=0x10"),
			entry(8, "internal_reference=X"),
			entry(9, "slot_designation=SL slot_type=0xa5 slot_data_bus_width=0xd current_usage=0x4 slot_length=4 slot_id=1 slot_characteristics1=4 slot_characteristics2=1"),
			entry(11, "value=hello value=world"), entry(11, "path=hello-acpi-payload"),
			entry(17, "loc_pfx=L bank=B manufacturer=M serial=S asset=A part=P speed=1234"),
			entry(41, "designation=Onboard kind=ethernet instance=1"),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(string(text))
			structures, anchor, err := Build(test.machine, test.entries)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, []string{hex.EncodeToString(anchor), hex.EncodeToString(structures)}); diff != "" {
				t.Errorf("anchor and structures (-want +have):\n%s", diff)
			}
		})
	}
}
