// Package input takes what a user does at keyboard, mouse and touch screen to
// the devices that show it to the guest, by QEMU's rules: the first device in
// the panel's list that takes such an event gets it, and a device comes to the
// front when the guest begins to use it.
package input
