// Package chipset builds what is soldered to the boards of PCs: the host
// bridge with its root PCI bus, the ISA bridge, timers, interrupt controllers
// and the other fixed devices of machine types q35 and pc, with QEMU's types,
// paths and memory regions.
//
// Boards are data: a list of parts in order of creation, see [part]. Behaviour
// is added where a guest or a monitor would notice: configuration space, PCI
// hot-plug, power management, reset.
//
// Everything here needs the machine's lock.
package chipset
