package watchdog

import "github.com/qomd/qomd/qom"

// Register adds the types of this package to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "i6300esb", Parent: "pci-device", New: func() qom.Instance { return new(i6300esb) }})
	t.Add(qom.TypeInfo{Name: "ib700", Parent: "isa-device", New: func() qom.Instance { return new(ib700) }})
}
