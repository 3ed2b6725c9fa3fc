package tpm

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// ppi is the memory by which firmware and operating system tell each other what
// a user has to agree to (TCG Physical Presence Interface; QEMU's
// docs/specs/tpm.rst has its layout).
type ppi struct{ memory memory.Region }

const (
	ppiAddress = 0xfed45000
	ppiSize    = 0x400
)

func (p *ppi) show(d *qdev.Device) {
	p.memory.InitRAMDevice(d.Env().Memory, &d.Object, "tpm-ppi", ppiSize)
	d.Env().SystemMemory.AddSubregion(ppiAddress, &p.memory)
}

func (p *ppi) hide() { hide(&p.memory) }

// hide takes a region out of its container.
func hide(r *memory.Region) {
	if c := r.Container(); c != nil {
		c.DelSubregion(r)
	}
}
