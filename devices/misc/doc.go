// Package misc holds small devices by which a guest tells its host something:
// isa-debug-exit, isa-debugcon and the pvpanic family; and ccid-card-emulated, which never
// starts. The name is that of QEMU's hw/misc.
package misc
