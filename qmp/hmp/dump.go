package hmp

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/memory"
)

// dumpRows are the commands that read memory.
func dumpRows() []*command {
	return []*command{
		{names: "x", args: "fmt:/,addr:l", params: "/fmt addr", help: "dump memory at a virtual address",
			run: func(r *run) error {
				if r.processor() == nil {
					r.printf("Can not dump without CPU\n")
					return nil
				}
				// Without a guest at work paging is off: virtual addresses are
				// physical ones.
				r.dump(r.args["fmt"].(format), uint64(r.args.number("addr")), 16)
				return nil
			}},
		{names: "xp", args: "fmt:/,addr:l", params: "/fmt addr", help: "dump memory at a physical address",
			run: func(r *run) error {
				r.dump(r.args["fmt"].(format), uint64(r.args.number("addr")), 8)
				return nil
			}},
		{names: "gva2gpa", args: "addr:l", params: "addr", help: "print the physical address of a virtual one",
			run: func(r *run) error {
				if r.processor() == nil {
					r.printf("No cpu\n")
					return nil
				}
				r.printf("gpa: 0x%x\n", uint64(r.args.number("addr"))&physicalMask)
				return nil
			}},
		{names: "memsave", args: "val:l,size:i,filename:s", params: "addr size file", qmp: "memsave",
			help: "write virtual memory to a file", run: memsave},
		{names: "pmemsave", args: "val:l,size:i,filename:s", params: "addr size file", qmp: "pmemsave",
			help: "write physical memory to a file", run: forward("pmemsave", "val", "size", "filename")},
		{names: "sum", args: "start:i,size:i", params: "addr size", help: "compute the checksum of a piece of memory",
			run: func(r *run) error {
				r.printf("%05d\n", r.checksum(uint64(r.args.number("start")), uint64(r.args.number("size"))))
				return nil
			}},
	}
}

func memsave(r *run) error {
	p := r.processor()
	if p == nil {
		r.printf("No CPU available\n")
		return nil
	}
	return r.ask("memsave", append(r.members("val", "size", "filename"), with("cpu-index", p.Index))...)
}

// physicalMask covers the 52 bits that a physical address can have.
const physicalMask = 1<<52 - 1

// checksum is that of BSD's sum over physical memory; what is not there counts
// as zeros.
func (r *run) checksum(addr, size uint64) uint16 {
	var sum uint16
	buf := make([]byte, 1<<16)
	for size > 0 {
		p := buf[:min(size, uint64(len(buf)))]
		clear(p)
		r.h.m.MemorySpace().Read(addr, p)
		for _, b := range p {
			sum = sum>>1 | sum<<15
			sum += uint16(b)
		}
		addr += uint64(len(p))
		size -= uint64(len(p))
	}
	return sum
}

// dump prints memory; digits is the least width of an address.
func (r *run) dump(f format, addr uint64, digits int) {
	if f.letter == 'i' {
		r.printf("0x%0*x: Asm output not supported on this arch\n", digits, addr)
		return
	}
	perLine := 16
	if f.size == 1 {
		perLine = 8
	}
	length, size := f.count*f.size, f.size
	if f.letter == 'c' {
		size = 1
	}
	var buf [16]byte
	for length > 0 {
		line := buf[:min(length, perLine)]
		r.printf("%0*x:", digits, addr)
		if r.h.m.MemorySpace().Read(addr, line) != memory.OK {
			r.printf(" Cannot access memory\n")
			return
		}
		for i := 0; i < len(line); i += size {
			r.printf(" ")
			r.item(f.letter, line[i:i+size])
		}
		r.printf("\n")
		addr += uint64(len(line))
		length -= len(line)
	}
}

// item prints one little-endian number, as wide as the largest of its size.
func (r *run) item(letter byte, p []byte) {
	var wide [8]byte
	copy(wide[:], p)
	v, bits := binary.LittleEndian.Uint64(wide[:]), 8*len(p)
	switch letter {
	case 'o':
		r.printf("0%*o", (bits+2)/3, v)
	case 'x':
		r.printf("0x%0*x", bits/4, v)
	case 'u':
		r.printf("%*d", (bits*10+32)/33, v)
	case 'd':
		r.printf("%*d", (bits*10+32)/33, int64(v))
	case 'c':
		r.printf("%s", quotedChar(int64(v)))
	}
}
