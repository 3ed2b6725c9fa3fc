// Package guest plays the operating system of a machine without a CPU: a
// program that touches the same ports and memory a real one would, when an
// interrupt tells it to look.
//
// A [Guest] is told of an [Event] once the monitor command or register access
// that raised it is over, under the machine's lock, and only while the machine
// runs. What it does about it are port and memory accesses through its
// [Hardware]; it knows nothing of devices, objects or monitors.
//
// # Tempers
//
// Real guests are slow, busy, stubborn or dead when they are asked to let a
// device go. A [Temper] says so, as data: what the guest answers, and how long
// it takes. There is one for the guest as a whole and there may be others for
// single devices; both can change while the guest runs.
//
// A guest does what it does in the order of events and of virtual time, and its
// only source of chance is seeded: the same machine, commands and seed make the
// same accesses.
package guest
