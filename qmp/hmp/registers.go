package hmp

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/machine"
)

// segmentLimits are what a reset makes of the limits of segments, which no
// debugger can change.
const segmentLimits = " cs.limit ds.limit es.limit fs.limit gs.limit ss.limit "

// register returns a register of the processor that commands are about.
func (r *run) register(name string) (value int64, known bool) {
	slot := r.processor()
	if slot == nil {
		return 0, false
	}
	p := slot.Processor()
	switch reg, found := cpu.FindRegister(name); {
	case found && reg.Bytes <= 8:
		return int64(p.Value(name)), true
	case name == "pc": // a number of 32 bits with a sign
		return int64(int32(p.SegmentBase("cs") + p.Value("rip"))), true
	case name != "" && strings.Contains(segmentLimits, " "+name+" "):
		return 0xffff, true
	}
	return 0, false
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

func registerDump(slot *machine.CPUSlot) string {
	var b strings.Builder
	p := slot.Processor()
	halted := 0
	if slot.Index > 0 { // all but the first wait for it to start them
		halted = 1
	}
	v := func(name string) uint32 { return uint32(p.Value(name)) }
	fmt.Fprintf(&b, "EAX=%08x EBX=%08x ECX=%08x EDX=%08x\n", v("rax"), v("rbx"), v("rcx"), v("rdx"))
	fmt.Fprintf(&b, "ESI=%08x EDI=%08x EBP=%08x ESP=%08x\n", v("rsi"), v("rdi"), v("rbp"), v("rsp"))
	fmt.Fprintf(&b, "EIP=%08x EFL=%08x [%s] CPL=0 II=0 A20=1 SMM=0 HLT=%d\n", v("rip"), v("eflags"), flagLetters(v("eflags")), halted)
	for _, name := range []string{"es", "cs", "ss", "ds", "fs", "gs"} {
		flags := 0x9300
		if name == "cs" && !p.Written(name) {
			flags = 0x9b00
		}
		printSegment(&b, strings.ToUpper(name), v(name)&0xffff, p.SegmentBase(name), flags)
	}
	printSegment(&b, "LDT", 0, 0, 0x8200)
	printSegment(&b, "TR", 0, 0, 0x8b00)
	fmt.Fprintf(&b, "GDT=     %08x %08x\nIDT=     %08x %08x\n", 0, 0xffff, 0, 0xffff)
	fmt.Fprintf(&b, "CR0=%08x CR2=%08x CR3=%08x CR4=%08x\n", v("cr0"), v("cr2"), v("cr3"), v("cr4"))
	for i := range 4 {
		fmt.Fprintf(&b, "DR%d=%016x ", i, 0)
	}
	fmt.Fprintf(&b, "\nDR6=%016x DR7=%016x\nEFER=%016x\n", uint32(0xffff0ff0), 0x400, p.Value("efer"))
	fmt.Fprintf(&b, "FCW=%04x FSW=%04x [ST=%d] FTW=00 MXCSR=%08x\n", v("fctrl"), v("fstat"), v("fstat")>>11&7, v("mxcsr"))
	wide := func(name string) (low, high uint64) {
		r, _ := cpu.FindRegister(name)
		value := append(p.Read(r), make([]byte, 8)...)
		return binary.LittleEndian.Uint64(value), binary.LittleEndian.Uint64(value[8:])
	}
	for i := range 8 {
		low, high := wide(fmt.Sprint("st", i))
		fmt.Fprintf(&b, "FPR%d=%016x %04x%c", i, low, high, pairEnd(i))
	}
	for i := range 8 {
		low, high := wide(fmt.Sprint("xmm", i))
		fmt.Fprintf(&b, "XMM%02d=%016x %016x%c", i, high, low, pairEnd(i))
	}
	return b.String()
}

func printSegment(w io.Writer, name string, selector uint32, base uint64, flags int) {
	fmt.Fprintf(w, "%-3s=%04x %08x %08x %08x\n", name, selector, base, 0xffff, flags)
}

// flagLetters names the flags that are set, as QEMU's monitor does.
func flagLetters(flags uint32) string {
	text := []byte("-------")
	for i, f := range []struct {
		bit    int
		letter byte
	}{{10, 'D'}, {11, 'O'}, {7, 'S'}, {6, 'Z'}, {4, 'A'}, {2, 'P'}, {0, 'C'}} {
		if flags>>f.bit&1 != 0 {
			text[i] = f.letter
		}
	}
	return string(text)
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
