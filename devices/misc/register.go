package misc

import "github.com/qomd/qomd/qom"

// Register adds the types of this package to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "ccid-card-emulated", Parent: "ccid-card", New: func() qom.Instance { return new(emulatedCard) }})
	t.Add(qom.TypeInfo{Name: "isa-debugcon", Parent: "isa-device", New: func() qom.Instance { return new(debugCon) }})
	t.Add(qom.TypeInfo{Name: "isa-debug-exit", Parent: "isa-device", New: func() qom.Instance { return new(debugExit) }})
	t.Add(qom.TypeInfo{Name: "ivshmem-plain", Parent: "ivshmem-common", New: func() qom.Instance { return new(sharedMemory) }})
	t.Add(qom.TypeInfo{Name: "pvpanic", Parent: "isa-device", New: func() qom.Instance { return new(isaPanic) }})
	t.Add(qom.TypeInfo{Name: "pvpanic-pci", Parent: "pci-device", New: func() qom.Instance { return new(pciPanic) }})
}
