// Package libvirttest holds tests that drive qomd-system-x86_64 with an
// unmodified libvirt, as virsh's users see it. It has no code of its own.
//
// Most tests have a libvirt inside virsh (qemu:///embed), with a folder of its
// own for everything; those of the daemon run libvirtd for an unprivileged user.
// No systemd, no /etc and no other libvirt of the machine take part.
package libvirttest
