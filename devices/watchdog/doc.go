// Package watchdog models watchdog timers: devices that act on the machine when
// its guest has not shown itself in time.
package watchdog
