package hmp

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// No guest code runs: processors stay as a reset leaves them, which is what is
// told here. EDX then holds the signature of the model.

// signature is what CPUID tells of family, model and stepping.
func signature(p *machine.CPUSlot) uint32 {
	get := func(name string) uint32 {
		v, _ := p.CPU.Get(name)
		n, _ := qjson.Int(v)
		return uint32(n)
	}
	family, model, stepping := get("family"), get("model"), get("stepping")
	base := min(family, 0xf)
	return (family-base)<<20 | model>>4<<16 | base<<8 | model&0xf<<4 | stepping&0xf
}

// resetRegisters are the registers that are not 0 after a reset, with what the
// monitor calls them; rdx comes apart.
var resetRegisters = map[string]int64{
	"rip": 0xfff0, "eflags": 2, "cs": 0xf000, "cr0": 0x60000010, "fctrl": 0x37f, "mxcsr": 0x1f80,
	"pc":       -0x10, // where cs and rip lead, as a number of 32 bits with a sign
	"cs.limit": 0xffff, "ds.limit": 0xffff, "es.limit": 0xffff, "fs.limit": 0xffff, "gs.limit": 0xffff, "ss.limit": 0xffff,
}

// zeroRegisters are those that are.
const zeroRegisters = " rax rbx rcx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 ds es fs gs ss fs_base gs_base k_gs_base " +
	"cr2 cr3 cr4 cr8 efer fstat ftag fiseg fioff foseg fooff fop "

// register returns a register of the processor that commands are about.
func (r *run) register(name string) (value int64, known bool) {
	p := r.processor()
	if p == nil {
		return 0, false
	}
	if name == "rdx" {
		return int64(signature(p)), true
	}
	value, known = resetRegisters[name]
	return value, known || name != "" && strings.Contains(zeroRegisters, " "+name+" ")
}

func infoRegisters(r *run) error {
	if r.args.flag("cpustate_all") {
		for _, p := range r.h.m.Processors() {
			r.printf("\nCPU#%d\n%s", p.Index, registerDump(p))
		}
		return nil
	}
	p := r.processor()
	if r.has("vcpu") {
		n := r.args.number("vcpu")
		if p = r.h.processor(n); p == nil {
			r.printf("CPU#%d not available\n", n)
			return nil
		}
	}
	if p == nil {
		r.printf("No CPU available\n")
		return nil
	}
	r.printf("\nCPU#%d\n%s", p.Index, registerDump(p))
	return nil
}

func registerDump(p *machine.CPUSlot) string {
	var b strings.Builder
	halted := 0
	if p.Index > 0 { // all but the first wait for it to start them
		halted = 1
	}
	fmt.Fprintf(&b, "EAX=%08x EBX=%08x ECX=%08x EDX=%08x\n", 0, 0, 0, signature(p))
	fmt.Fprintf(&b, "ESI=%08x EDI=%08x EBP=%08x ESP=%08x\n", 0, 0, 0, 0)
	fmt.Fprintf(&b, "EIP=%08x EFL=%08x [-------] CPL=0 II=0 A20=1 SMM=0 HLT=%d\n", 0xfff0, 2, halted)
	for _, s := range []struct {
		name                  string
		selector, base, flags int
	}{
		{"ES", 0, 0, 0x9300}, {"CS", 0xf000, 0xffff0000, 0x9b00}, {"SS", 0, 0, 0x9300}, {"DS", 0, 0, 0x9300},
		{"FS", 0, 0, 0x9300}, {"GS", 0, 0, 0x9300}, {"LDT", 0, 0, 0x8200}, {"TR", 0, 0, 0x8b00},
	} {
		fmt.Fprintf(&b, "%-3s=%04x %08x %08x %08x\n", s.name, s.selector, s.base, 0xffff, s.flags)
	}
	fmt.Fprintf(&b, "GDT=     %08x %08x\nIDT=     %08x %08x\n", 0, 0xffff, 0, 0xffff)
	fmt.Fprintf(&b, "CR0=%08x CR2=%08x CR3=%08x CR4=%08x\n", 0x60000010, 0, 0, 0)
	for i := range 4 {
		fmt.Fprintf(&b, "DR%d=%016x ", i, 0)
	}
	fmt.Fprintf(&b, "\nDR6=%016x DR7=%016x\nEFER=%016x\n", uint32(0xffff0ff0), 0x400, 0)
	b.WriteString("FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80\n")
	for i := range 8 {
		fmt.Fprintf(&b, "FPR%d=%016x %04x%c", i, 0, 0, pairEnd(i))
	}
	for i := range 8 {
		fmt.Fprintf(&b, "XMM%02d=%016x %016x%c", i, 0, 0, pairEnd(i))
	}
	return b.String()
}

// pairEnd ends the columns of a list with two on each line.
func pairEnd(i int) byte {
	if i%2 == 0 {
		return ' '
	}
	return '\n'
}

// infoLAPIC prints a local interrupt controller.
func infoLAPIC(r *run) error {
	p := r.processor()
	if r.has("apic-id") {
		p = nil
		for _, s := range r.h.m.Processors() {
			if int64(s.APICID) == r.args.number("apic-id") {
				p = s
			}
		}
	}
	if p == nil {
		r.printf("No CPU available\n")
		return nil
	}
	r.printf("dumping local APIC state for CPU %d \n\n%s", p.Index, chipset.LocalAPICText(p.CPU))
	return nil
}
