package hmp

import (
	"encoding/binary"
	"errors"
	"os"

	"github.com/qomd/qomd/devices/memory"
)

// hostAddressRows are the commands that tell where guest memory lies.
func hostAddressRows() []*command {
	return []*command{
		{names: "gpa2hva", args: "addr:l", params: "addr", help: "where in this process a physical address of the guest is, up to the end of its page",
			run: func(r *run) error {
				at, region := r.hostAddress()
				if region != nil {
					r.printf("Host virtual address for 0x%x (%s) is 0x%x\n", uint64(r.args.number("addr")), region.Label(), at)
				}
				return nil
			}},
		{names: "gpa2hpa", args: "addr:l", params: "addr", help: "where in the host's memory a physical address of the guest is",
			run: func(r *run) error {
				at, region := r.hostAddress()
				if region == nil {
					return nil
				}
				physical, err := physicalAddress(at)
				if err != nil {
					return err
				}
				r.printf("Host physical address for 0x%x (%s) is 0x%x\n", uint64(r.args.number("addr")), region.Label(), physical)
				return nil
			}},
	}
}

// hostAddress finds the memory at the address of the line, or says why there is
// none.
func (r *run) hostAddress() (uintptr, *memory.Region) {
	addr := uint64(r.args.number("addr"))
	switch g := r.h.m.MemorySpace().Current().Lookup(addr); {
	case g == nil:
		r.printf("No memory is mapped at address 0x%x\n", addr)
	case !g.Region.Stores():
		r.printf("Memory at address 0x%x is not RAM\n", addr)
	default:
		return g.Region.HostAddress(g.Offset + addr - g.First), g.Region
	}
	return 0, nil
}

// physicalAddress asks Linux, proc_pid_pagemap(5). Without the privilege to know
// it is told page 0.
func physicalAddress(at uintptr) (uint64, error) {
	const entry, present, number = 8, 1 << 63, 1<<55 - 1
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return 0, errors.New("Cannot open /proc/self/pagemap")
	}
	defer f.Close()
	size := uint64(os.Getpagesize())
	var p [entry]byte
	if _, err := f.ReadAt(p[:], int64(uint64(at)/size*entry)); err != nil {
		return 0, errors.New("Cannot read pagemap")
	}
	e := binary.LittleEndian.Uint64(p[:])
	if e&present == 0 {
		return 0, errors.New("Page not present")
	}
	return e&number*size + uint64(at)%size, nil
}
