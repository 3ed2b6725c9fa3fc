package rss

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// Registers that keep their values over calls.
const (
	packet = asm.R6 // the context
	config = asm.R7
	key    = asm.R8
	offset = asm.R9 // in the packet; in the end the hash
)

// What lies on the stack, by offsets from the frame pointer.
const (
	index   = -4  // key of a map
	next    = -8  // kind of the header to come
	header  = -48 // of the network, 40 bytes
	scratch = -56 // 8 bytes of another header
	input   = -96 // of the hash, 36 bytes and 4 of padding
)

// Headers.
const (
	etherType = 12
	vlanTags  = 2 // that are looked behind
	typeIPv4  = 0x0800
	typeIPv6  = 0x86dd
	typeVLAN  = 0x8100
	typeQinQ  = 0x88a8

	protoHopByHop    = 0
	protoTCP         = 6
	protoUDP         = 17
	protoRouting     = 43
	protoFragment    = 44
	protoAuth        = 51
	protoDestination = 60
	extensions       = 6 // headers that are looked behind

	fragment4 = 0x3fff // where a fragment is, or that more come
	fragment6 = 0xfff9
)

// builder collects instructions, and which of them load the address of a map.
type builder struct {
	code   asm.Instructions
	loads  map[int]int // instruction to map
	symbol string      // of the instruction to come
}

func (b *builder) add(list ...asm.Instruction) {
	for _, ins := range list {
		if b.symbol != "" {
			ins, b.symbol = ins.WithSymbol(b.symbol), ""
		}
		b.code = append(b.code, ins)
	}
}

// label names the instruction to come.
func (b *builder) label(name string) { b.symbol = name }

// lookup finds the entry of a map whose number is in R0: afterwards R0 has its
// address.
func (b *builder) lookup(m int) {
	b.add(asm.StoreMem(asm.RFP, index, asm.R0, asm.Word))
	b.loads[len(b.code)] = m
	b.add(asm.LoadImm(asm.R1, 0, asm.DWord), asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, index),
		asm.FnMapLookupElem.Call())
}

// fetch copies n bytes of the packet to the stack, or gives up. The offset counts
// from the link's header.
func (b *builder) fetch(to, n int32) {
	b.add(asm.Mov.Reg(asm.R1, packet), asm.Mov.Reg(asm.R2, offset), asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, to),
		asm.Mov.Imm(asm.R4, n), asm.Mov.Imm(asm.R5, 0), asm.FnSkbLoadBytesRelative.Call(),
		asm.JNE.Imm(asm.R0, 0, "default"))
}

// word loads 16 bits that are in the network's order.
func (b *builder) word(dst asm.Register, at int16) {
	b.add(asm.LoadMem(dst, asm.RFP, at, asm.Half), asm.HostTo(asm.BE, dst, asm.Half))
}

// unless jumps when a type of hashes is not wanted.
func (b *builder) unless(hash int32, to string) {
	b.add(asm.LoadMem(asm.R2, config, configTypes, asm.Word), asm.And.Imm(asm.R2, hash), asm.JEq.Imm(asm.R2, 0, to))
}

// program returns the program, and which instructions load the addresses of which
// maps.
func program() (asm.Instructions, map[int]int) {
	b := &builder{loads: map[int]int{}}
	b.prepare()
	b.link()
	b.ipv4()
	b.ipv6()
	b.toeplitz()
	b.label("default")
	b.add(asm.LoadMem(asm.R0, config, configDefault, asm.Word), asm.Return())
	b.label("nothing")
	b.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return b.code, b.loads
}

// prepare finds configuration and key, and clears the input: zeros at its end do
// not change the hash.
func (b *builder) prepare() {
	b.add(asm.Mov.Reg(packet, asm.R1), asm.Mov.Imm(asm.R0, 0))
	b.lookup(0)
	b.add(asm.JEq.Imm(asm.R0, 0, "nothing"), asm.Mov.Reg(config, asm.R0), asm.Mov.Imm(asm.R0, 0))
	b.lookup(1)
	b.add(asm.JEq.Imm(asm.R0, 0, "nothing"), asm.Mov.Reg(key, asm.R0),
		asm.LoadMem(asm.R1, config, configEnabled, asm.Word), asm.JEq.Imm(asm.R1, 0, "default"),
		asm.Mov.Imm(asm.R1, 0))
	for at := int16(input); at < scratch; at += 8 {
		b.add(asm.StoreMem(asm.RFP, at, asm.R1, asm.DWord))
	}
}

// link finds the network's header, behind tags of virtual networks.
func (b *builder) link() {
	b.add(asm.Mov.Imm(offset, etherType))
	for i := range vlanTags {
		tagged := fmt.Sprintf("tagged-%d", i)
		b.fetch(scratch, 2)
		b.word(asm.R1, scratch)
		b.add(asm.JEq.Imm(asm.R1, typeVLAN, tagged), asm.JNE.Imm(asm.R1, typeQinQ, "typed"))
		b.label(tagged)
		b.add(asm.Add.Imm(offset, 4))
	}
	b.fetch(scratch, 2)
	b.word(asm.R1, scratch)
	b.label("typed")
	b.add(asm.Add.Imm(offset, 2), asm.JEq.Imm(asm.R1, typeIPv6, "ipv6"), asm.JNE.Imm(asm.R1, typeIPv4, "default"))
}

// ipv4 takes the addresses, and the ports of what is no fragment.
func (b *builder) ipv4() {
	b.fetch(header, 20)
	for i := int16(0); i < 8; i += 4 {
		b.add(asm.LoadMem(asm.R1, asm.RFP, header+12+i, asm.Word), asm.StoreMem(asm.RFP, input+i, asm.R1, asm.Word))
	}
	b.word(asm.R3, header+6)
	b.add(asm.And.Imm(asm.R3, fragment4), asm.JNE.Imm(asm.R3, 0, "plain4"),
		asm.LoadMem(asm.R1, asm.RFP, header+9, asm.Byte),
		asm.JEq.Imm(asm.R1, protoTCP, "tcp4"), asm.JNE.Imm(asm.R1, protoUDP, "plain4"))
	b.unless(UDPv4, "plain4")
	b.add(asm.Ja.Label("ports4"))
	b.label("tcp4")
	b.unless(TCPv4, "plain4")
	b.label("ports4")
	b.add(asm.LoadMem(asm.R1, asm.RFP, header, asm.Byte), asm.And.Imm(asm.R1, 0xf), asm.LSh.Imm(asm.R1, 2), asm.Add.Reg(offset, asm.R1))
	b.fetch(input+8, 4)
	b.add(asm.Ja.Label("hash"))
	b.label("plain4")
	b.unless(IPv4, "default")
	b.add(asm.Ja.Label("hash"))
}

// ipv6 does the same, and looks behind extension headers.
func (b *builder) ipv6() {
	b.label("ipv6")
	b.fetch(header, 40)
	for i := int16(0); i < 32; i += 8 {
		b.add(asm.LoadMem(asm.R1, asm.RFP, header+8+i, asm.DWord), asm.StoreMem(asm.RFP, input+i, asm.R1, asm.DWord))
	}
	b.add(asm.LoadMem(asm.R1, asm.RFP, header+6, asm.Byte), asm.StoreMem(asm.RFP, next, asm.R1, asm.Word), asm.Add.Imm(offset, 40))
	for i := range extensions {
		b.extension(func(name string) string { return fmt.Sprintf("%s-%d", name, i) })
	}
	b.label("transport6")
	b.add(asm.LoadMem(asm.R1, asm.RFP, next, asm.Word),
		asm.JEq.Imm(asm.R1, protoTCP, "tcp6"), asm.JNE.Imm(asm.R1, protoUDP, "plain6"))
	b.unless(UDPv6, "plain6")
	b.add(asm.Ja.Label("ports6"))
	b.label("tcp6")
	b.unless(TCPv6, "plain6")
	b.label("ports6")
	b.fetch(input+32, 4)
	b.add(asm.Ja.Label("hash"))
	b.label("plain6")
	b.unless(IPv6, "default")
}

// extension steps over one header, if it is an extension. Its length is counted
// in 8 bytes without the first, that of authentication in 4 without the first
// two.
func (b *builder) extension(label func(string) string) {
	b.add(asm.LoadMem(asm.R1, asm.RFP, next, asm.Word),
		asm.JEq.Imm(asm.R1, protoHopByHop, label("options")), asm.JEq.Imm(asm.R1, protoRouting, label("options")),
		asm.JEq.Imm(asm.R1, protoDestination, label("options")), asm.JEq.Imm(asm.R1, protoAuth, label("auth")),
		asm.JNE.Imm(asm.R1, protoFragment, "transport6"))
	b.fetch(scratch, 8)
	b.word(asm.R2, scratch+2)
	b.add(asm.And.Imm(asm.R2, fragment6), asm.JNE.Imm(asm.R2, 0, "plain6"),
		asm.Mov.Imm(asm.R2, 8), asm.Ja.Label(label("step")))
	b.label(label("options"))
	b.fetch(scratch, 2)
	b.add(asm.LoadMem(asm.R2, asm.RFP, scratch+1, asm.Byte), asm.Add.Imm(asm.R2, 1), asm.LSh.Imm(asm.R2, 3),
		asm.Ja.Label(label("step")))
	b.label(label("auth"))
	b.fetch(scratch, 2)
	b.add(asm.LoadMem(asm.R2, asm.RFP, scratch+1, asm.Byte), asm.Add.Imm(asm.R2, 2), asm.LSh.Imm(asm.R2, 2))
	b.label(label("step"))
	b.add(asm.Add.Reg(offset, asm.R2), asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Byte), asm.StoreMem(asm.RFP, next, asm.R1, asm.Word))
}

// toeplitz computes the hash and looks its queue up. For each bit of the input
// that is set, the 32 bits of the key that begin at the bit's place are added: a
// window of 64 bits of the key serves 32 bits of input.
func (b *builder) toeplitz() {
	b.label("hash")
	b.add(asm.Mov.Imm(offset, 0))
	hash := offset
	for at := int16(0); at < 36; at += 4 {
		b.add(asm.LoadMem(asm.R2, asm.RFP, input+at, asm.Word), asm.HostTo(asm.BE, asm.R2, asm.Word),
			asm.LoadMem(asm.R1, key, at, asm.Word), asm.HostTo(asm.BE, asm.R1, asm.Word), asm.LSh.Imm(asm.R1, 32),
			asm.LoadMem(asm.R4, key, at+4, asm.Word), asm.HostTo(asm.BE, asm.R4, asm.Word), asm.Or.Reg(asm.R1, asm.R4))
		for bit := range int32(32) {
			b.add(asm.Mov.Reg(asm.R3, asm.R2), asm.LSh.Imm(asm.R3, 32+bit), asm.ArSh.Imm(asm.R3, 63), // all ones, or none
				asm.Mov.Reg(asm.R4, asm.R1), asm.RSh.Imm(asm.R4, 32-bit), asm.And.Reg(asm.R3, asm.R4), asm.Xor.Reg(hash, asm.R3))
		}
	}
	b.add(asm.LoadMem(asm.R1, config, configMask, asm.Word), asm.And.Reg(hash, asm.R1), asm.Mov.Reg(asm.R0, hash))
	b.lookup(2)
	b.add(asm.JEq.Imm(asm.R0, 0, "default"), asm.LoadMem(asm.R0, asm.R0, 0, asm.Half), asm.Return())
}
