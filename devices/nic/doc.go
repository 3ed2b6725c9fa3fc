// Package nic has what network cards share: the addresses they get when the
// user gives none, and the PCI cards that have no function beyond that (e1000,
// e1000e, igb, rtl8139 and others), and the switch rocker.
package nic
