// Package timer is the timers of PCs as registers show them: the 8254 (Intel
// 231164-005) and the real-time clock MC146818 (Motorola ADI-856R2) with its CMOS
// memory.
//
// The models know no tree, no memory region and no clock: package chipset wires
// them and tells them the time. They answer as QEMU's do, also where the data
// sheets say otherwise. They need the machine's lock.
package timer
