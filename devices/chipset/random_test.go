package chipset_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Whatever users and guests do, the tree stays sound, every device that leaves
// is announced once, and nothing is left in the end.
func TestRandomHotplug(t *testing.T) {
	for _, c := range []struct {
		name, board string
		defaults    []qdev.Default
		cold        [][]any // devices of the machine
		buses       []string
		hotplug     uint64 // port of the ACPI registers
	}{
		{"acpi", "pc", nil, [][]any{{"pci-bridge", "id", "br", "chassis_nr", int64(1), "addr", "3"}}, []string{"pci.0", "br"}, 0xae00},
		{"native", "q35", []qdev.Default{native}, [][]any{
			{"pcie-root-port", "id", "rp0", "chassis", int64(1), "addr", "2"},
			{"pcie-root-port", "id", "rp1", "chassis", int64(2), "addr", "3"},
			{"pcie-pci-bridge", "id", "br", "addr", "4"},
		}, []string{"rp0", "rp1", "br"}, 0xcc0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				r := newRig(t, c.board, append([]qdev.Default(nil), c.defaults...)...)
				defer r.finish()
				for _, d := range c.cold {
					r.add(d[0].(string), d[1:]...)
				}
				r.start()
				serial := 0
				alive := map[string]bool{}
				drivers := rapid.SampledFrom([]string{"e1000", "e1000e", "pci-testdev", "pci-bridge", "pcie-root-port", "edu"})
				word := rapid.SampledFrom([]uint64{0, 0x100, 0x200, 0x300, 0x500, 0x700, 0x7c0, 0x800, 0x120})
				rt.Repeat(map[string]func(*rapid.T){
					"add": func(rt *rapid.T) {
						serial++
						id := fmt.Sprintf("d%d", serial)
						pairs := []any{"id", id, "bus", rapid.SampledFrom(c.buses).Draw(rt, "bus")}
						if rapid.Bool().Draw(rt, "placed") {
							pairs = append(pairs, "addr", int64(rapid.IntRange(0, 63).Draw(rt, "addr")))
						}
						driver := drivers.Draw(rt, "driver")
						switch driver {
						case "pci-bridge":
							pairs = append(pairs, "chassis_nr", int64(rapid.IntRange(0, 2).Draw(rt, "chassis")))
						case "pcie-root-port":
							pairs = append(pairs, "chassis", int64(rapid.IntRange(1, 4).Draw(rt, "chassis")))
						}
						if rapid.Bool().Draw(rt, "multifunction") {
							pairs = append(pairs, "multifunction", true)
						}
						if err := r.try(driver, pairs...); err == nil {
							alive[id] = true
						}
					},
					"del": func(rt *rapid.T) {
						if serial > 0 {
							r.del(fmt.Sprintf("d%d", rapid.IntRange(1, serial).Draw(rt, "number")))
						}
					},
					"eject": func(rt *rapid.T) {
						r.out(c.hotplug+0x10, 4, rapid.Uint64Range(0, 3).Draw(rt, "bus"))
						r.out(c.hotplug+0x08, 4, uint64(rapid.Uint32().Draw(rt, "slots")))
					},
					"slot": func(rt *rapid.T) {
						port := rapid.IntRange(2, 3).Draw(rt, "port") << 3
						r.out(r.config(0, port, 0x6c), 2, word.Draw(rt, "control"))
						r.out(r.config(0, port, 0x6e), 2, rapid.Uint64Range(0, 0x1ff).Draw(rt, "status"))
					},
					"config": func(rt *rapid.T) {
						devfn := rapid.IntRange(0, 63).Draw(rt, "devfn")
						reg := rapid.SampledFrom([]int{0x04, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3e}).Draw(rt, "register")
						r.out(r.config(rapid.IntRange(0, 1).Draw(rt, "bus"), devfn, reg), 4, uint64(rapid.Uint32().Draw(rt, "value")))
						r.mem.ReadN(uint64(rapid.Uint32().Draw(rt, "address")), 4)
						r.in(uint64(rapid.Uint16().Draw(rt, "port")), 2)
					},
					"reset": func(*rapid.T) { r.reset() },
					"time":  func(rt *rapid.T) { r.clock.now += rapid.Int64Range(0, 6e9).Draw(rt, "step") },
					"": func(rt *rapid.T) {
						for _, id := range r.take() {
							if !alive[id] {
								rt.Fatalf("event for %q, which is not there", id)
							}
							delete(alive, id)
						}
						if draining := r.env.Tree.Draining(); len(draining) != 0 {
							rt.Fatalf("%d storages draining", len(draining))
						}
						for id := range alive {
							if r.env.Peripheral.Child(id) == nil {
								rt.Fatalf("%s left without an event", id)
							}
						}
						for err := range qom.Check(r.env.Tree) {
							rt.Fatal(err)
						}
					},
				})
			})
		})
	}
}
