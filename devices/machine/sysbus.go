package machine

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// dynamicSysbus are the types on the main system bus that a user may add to a
// kind of machine; QEMU 11.1 keeps such a list in the class of the machine.
var dynamicSysbus = []struct {
	fits  func(*Machine) bool
	types []string
}{
	{(*Machine).IsQ35, []string{"amd-iommu", "intel-iommu", "ramfb", "uefi-vars-x64", "vmbus-bridge"}},
	{(*Machine).IsPC, []string{"ramfb", "uefi-vars-x64", "vmbus-bridge"}},
}

// takesSysbus reports whether a user may add a device of the class to this
// machine, which is known not to depend on the machine being there yet.
func (m *Machine) takesSysbus(class *qom.Class) bool {
	for _, k := range dynamicSysbus {
		if !k.fits(m) {
			continue
		}
		for _, typ := range k.types {
			if class.Is(typ) {
				return true
			}
		}
	}
	return false
}

// registerSysbus says of those types what a catalog cannot: QEMU refuses all of
// them while the machine runs, some because of their bus and these before.
func registerSysbus(t *qom.Types) {
	if t.HasFacts("x86-iommu") {
		t.Add(qom.TypeInfo{Name: "x86-iommu", Parent: "sys-bus-device", Abstract: true, ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.Hotpluggable = false })
		}})
	}
}
