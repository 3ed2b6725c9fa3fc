// Package guest plays the operating system of a machine without a CPU: a
// program that touches the same ports and memory a real one would, when an
// interrupt tells it to look.
//
// A [Guest] is told of an [Event] once the monitor command or register access
// that raised it is over, under the machine's lock, and only while the machine
// runs. What it does about it are port and memory accesses through its
// [Hardware]; it knows nothing of devices, objects or monitors.
package guest
