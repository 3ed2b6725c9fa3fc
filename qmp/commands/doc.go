// Package commands implements the QMP commands on a machine: it is where the
// protocol meets the object tree. Each file holds what one of QEMU's QAPI
// modules holds; [New] is the table of all.
//
// A command that is not in the table does not exist: it is not advertised and
// answers CommandNotFound.
package commands
