// Package machinetest starts machines in tests of what sits right on top of a
// machine, without a monitor. Package qmptest is for all others.
package machinetest
