package machine

// features1 are the features of leaf 1 of CPUID in edx, by bit (Intel SDM volume 2,
// CPUID), as the properties of processors are called.
var features1 = [32]string{
	0: "fpu", 1: "vme", 2: "de", 3: "pse", 4: "tsc", 5: "msr", 6: "pae", 7: "mce", 8: "cx8", 9: "apic", 11: "sep",
	12: "mtrr", 13: "pge", 14: "mca", 15: "cmov", 16: "pat", 17: "pse36", 18: "pn", 19: "clflush", 21: "ds", 22: "acpi",
	23: "mmx", 24: "fxsr", 25: "sse", 26: "sse2", 27: "ss", 29: "tm", 30: "ia64", 31: "pbe",
}

// manyThreads is the bit that a processor has which is not alone in its socket.
const manyThreads = 1 << 28

// cpuid is eax and edx of leaf 1 of CPUID: what kind of processor the first is, and
// its features.
func (m *Machine) cpuid() (out [2]uint32) {
	get := func(name string) uint32 {
		switch v, _ := m.firstCPU(name); n := v.(type) {
		case int64:
			return uint32(n)
		case uint64:
			return uint32(n)
		}
		return 0
	}
	family, model, stepping := get("family"), get("model"), get("stepping")
	out[0] = stepping | model&15<<4 | model>>4<<16
	if family > 15 {
		out[0] |= 15<<8 | (family-15)<<20
	} else {
		out[0] |= family << 8
	}
	for bit, name := range features1 {
		if name == "" {
			continue
		}
		if v, _ := m.firstCPU(name); v == true {
			out[1] |= 1 << bit
		}
	}
	if m.topology.MaxCPUs > m.topology.Sockets {
		out[1] |= manyThreads
	}
	return out
}
