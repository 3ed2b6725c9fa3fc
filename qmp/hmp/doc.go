// Package hmp is QEMU's human monitor on a machine: lines such as "info qtree"
// or "device_add usb-tablet,id=t", sent with human-monitor-command or typed at
// a monitor with mode=readline.
//
// # Parts
//
//	[Human]     a machine's monitor; runs lines under the machine's lock
//	command     a row of the table: names, arguments, help, what it does
//	arguments   reads a line by the row's description, with QEMU's texts
//	run         one command at work: its arguments and what it prints
//	editor      QEMU's line editor: keys in, escape sequences out
//
// # One implementation
//
// A command that QMP has too asks the machine's [qmp.CommandSet] and prints its
// reply, as QEMU does; it exists only while the set has its counterpart. So both
// monitors agree, and none offers what the machine cannot do.
//
// # Concurrency
//
// [Human.Command] is called under the machine's lock. [Human.ServeConn] runs on
// its caller's goroutine and takes the lock for each line and each completion,
// never while it talks to the client.
package hmp
