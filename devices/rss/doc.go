// Package rss has the eBPF program of receive side scaling: it gives each packet
// that a tap interface of several queues delivers the queue that VIRTIO 1.2
// section 5.1.6.5.7 asks for, by a Toeplitz hash of its addresses and ports.
//
// [Object] is the program as the ELF object that QMP's request-ebpf hands out,
// for a management application to load with libbpf and to pass the descriptors in
// by virtio-net's property ebpf-rss-fds: of the program and of its maps, in the
// order they have in the object. The names are those that QEMU documents; the
// program is this package's own, written down with the assembler of
// github.com/cilium/ebpf, and so is what lies in the maps.
//
// # Limits
//
// The hash types with extension headers (IP_EX, TCP_EX, UDP_EX) are not computed:
// addresses are those of the IPv6 header. qomd's virtio-net offers its guest no
// receive side scaling, so that nobody asks for a queue yet.
package rss
