// Package daemon boots the machines of a configuration and serves their
// monitors: the part that both commands and the test helper share.
//
// [Start] does what QEMU does between its command line and its main loop:
// character devices first, so that their sockets are there whatever comes,
// then the machine, its objects and devices in the order they were written,
// then the monitors. A [VM] ends by quit, a signal or [VM.Quit]; [VM.Wait]
// tells, [VM.Close] takes it down.
package daemon
