package gdb

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/cpu"
)

// coreName is what the description of the registers is called.
const coreName = "i386-64bit.xml"

// description returns a file of the target description (manual of gdb, appendix
// G); false for one that there is not.
func description(name string) (string, bool) {
	switch name {
	case "target.xml":
		return `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target><architecture>i386:x86-64</architecture>` +
			`<xi:include href="` + coreName + `"/></target>`, true
	case coreName:
		return core(), true
	}
	return "", false
}

// flagTypes are the registers whose bits have names: from the lowest, with how
// many bits an unnamed gap has.
var flagTypes = map[string]string{
	"eflags": "CF 1 PF 1 AF 1 ZF SF TF IF DF OF IOPL IOPL NT 1 RF VM AC VIF VIP ID",
	"cr0":    "PE MP EM TS ET NE 10 WP 1 AM 10 NW CD PG",
	"cr4":    "VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57 VMXE SMXE 1 FSGSBASE PCIDE OSXSAVE KL SMEP SMAP PKE CET PKS UINTR",
	"efer":   "SCE 7 LME 1 LMA NXE SVME LMSLE FFXSR TCE",
	"mxcsr":  "IE DE ZE OE UE PE DAZ IM DM ZM OM UM PM 2 FZ",
}

// core describes the registers of [cpu.Registers].
func core() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE feature SYSTEM "gdb-target.dtd"><feature name="org.gnu.gdb.i386.core">`)
	for _, r := range cpu.Registers {
		if bits, ok := flagTypes[r.Name]; ok {
			writeFlags(&b, r, bits)
		}
	}
	b.WriteString(`<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>` +
		`<vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/>` +
		`<vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>` +
		`<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>` +
		`<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/>` +
		`<field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>`)
	for i, r := range cpu.Registers {
		fmt.Fprintf(&b, `<reg name="%s" bitsize="%d" type="%s" regnum="%d"%s/>`, r.Name, 8*r.Bytes, typeOf(r), i, group(r))
	}
	b.WriteString(`</feature>`)
	return b.String()
}

// writeFlags describes the bits of a register.
func writeFlags(b *strings.Builder, r cpu.Reg, bits string) {
	fmt.Fprintf(b, `<flags id="x64_%s" size="%d">`, r.Name, r.Bytes)
	at := 0
	words := strings.Fields(bits)
	for i := 0; i < len(words); i++ {
		var gap int
		if _, err := fmt.Sscan(words[i], &gap); err == nil {
			at += gap
			continue
		}
		start := at
		for i+1 < len(words) && words[i+1] == words[i] { // a field of several bits
			i, at = i+1, at+1
		}
		fmt.Fprintf(b, `<field name="%s" start="%d" end="%d"/>`, words[i], start, at)
		at++
	}
	b.WriteString(`</flags>`)
}

// typeOf is gdb's type of a register.
func typeOf(r cpu.Reg) string {
	switch {
	case flagTypes[r.Name] != "":
		return "x64_" + r.Name
	case r.Name == "rip":
		return "code_ptr"
	case r.Name == "rsp" || r.Name == "rbp":
		return "data_ptr"
	case r.Bytes == 10:
		return "i387_ext"
	case r.Bytes == 16:
		return "vec128"
	}
	return fmt.Sprint("int", 8*r.Bytes)
}

// group is the group of a register that is in none by its type.
func group(r cpu.Reg) string {
	switch {
	case r.Name == "mxcsr":
		return ` group="vector"`
	case r.Name[0] == 'f' && r.Bytes == 4 && r.Name != "fs":
		return ` group="float"`
	}
	return ""
}
