// Package machine puts one machine together and runs it: the big lock, the
// virtual clock, run state, reset, and the events that monitors see.
//
// # The lock
//
// Everything behind a machine, the object tree, devices, memory map and run
// state, is guarded by one lock, as QEMU's is by its BQL. [Machine.Do] runs a
// function under it. What the function leaves behind is settled before the
// lock is given back: the guest reacts to interrupts, references released by
// other goroutines are dropped, and grace periods end. A monitor queues a
// command's reply inside the function, so that events of the settling, such as
// DEVICE_DELETED, always follow the reply of the command that caused them,
// while events of the command itself, such as STOP, precede it.
//
// Nothing blocks under the lock.
//
// # Goroutines
//
// An idle machine has none. A pending timer of the virtual clock is a runtime
// timer; references released off the lock start a goroutine for as long as it
// takes to settle. [Machine.Close] waits for both.
package machine
