// Package ps2 is what is at the two ends of a PS/2 cable: the keyboard and the
// mouse of a PC, and the controller 8042 that they are plugged into, each as a
// model without a machine around it. They behave as QEMU's do, which are those of
// an MF2 keyboard and a mouse that can be an IntelliMouse or an IntelliMouse
// Explorer.
//
// Everything here needs the machine's lock.
package ps2
