// Package smbios builds the tables that describe a machine to its operating
// system: SMBIOS 2.8, or 3.0 where asked for, as QEMU fills them in for a PC
// (DMTF DSP0134; QEMU's hw/smbios). Firmware finds them in the files
// etc/smbios/smbios-tables and etc/smbios/smbios-anchor of fw_cfg.
//
// Everything here is a function of its arguments: no state, no locks.
package smbios
