package object

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/qom"
)

// registerMisc adds types that only demand properties.
func registerMisc(t *qom.Types) {
	for name, required := range map[string][]string{
		"acpi-generic-initiator": {"pci-dev", "node"},
		"acpi-generic-port":      {"pci-bus", "node"},
		"sev-guest":              {"reduced-phys-bits"},
		"sev-snp-guest":          {"reduced-phys-bits"},
		"x-remote-object":        {"fd", "devid"},
	} {
		add(t, qom.TypeInfo{Name: name, Parent: "object", ClassInit: requires(required...)})
	}
	add(t, qom.TypeInfo{Name: "can-bus", Parent: "object", ClassInit: with(Behavior{
		MayDelete: func(o *qom.Object) error {
			return fmt.Errorf("Deleting CAN bus device '%s' is not supported", o.Name())
		},
	})})
	add(t, qom.TypeInfo{
		Name: "thread-context", Parent: "object",
		Properties: []*qom.Property{affinity("cpu-affinity", "CPU", "node-affinity"), affinity("node-affinity", "Node", "cpu-affinity")},
		ClassInit: with(Behavior{Complete: func(o *qom.Object) error {
			cpus, _ := o.Stored("cpu-affinity").([]any)
			if len(cpus) > 0 && !slices.ContainsFunc(cpus, isOnline) {
				return fmt.Errorf("Setting CPU affinity failed: %s", Strerror(syscall.EINVAL))
			}
			nodes, _ := o.Stored("node-affinity").([]any)
			if len(nodes) > 0 && !slices.ContainsFunc(nodes, hasCPUs) {
				return errors.New("The nodes select no CPUs")
			}
			return nil
		}}),
	})
	ends := []string{"primary_in", "secondary_in", "outdev"}
	add(t, qom.TypeInfo{Name: "colo-compare", Parent: "object", Properties: claims(ends...), ClassInit: with(Behavior{
		Required: append(ends[:3:3], "iothread"),
		Complete: func(o *qom.Object) error {
			primary, secondary, out := o.StoredString("primary_in"), o.StoredString("secondary_in"), o.StoredString("outdev")
			if primary == out || secondary == out || primary == secondary {
				return errors.New("'indev' and 'outdev' could not be same for compare module")
			}
			return takeAll(o, ends...)
		}})})
}

// affinity is a list of what threads are to run on; one may be given, not both.
func affinity(name, of, other string) *qom.Property {
	p := integers(name)
	set := p.Set
	p.Set = func(o *qom.Object, in qom.Input) error {
		if err := set(o, in); err != nil {
			return err
		}
		switch list, _ := o.Stored(name).([]any); {
		case len(list) == 0:
			return fmt.Errorf("%s list is empty", of)
		case o.HasStored(other):
			return errors.New("Mixing CPU and node affinity not supported")
		}
		return nil
	}
	return p
}

// isOnline reports whether the host has a processor of that number.
func isOnline(cpu any) bool {
	_, err := os.Stat(fmt.Sprintf("/sys/devices/system/cpu/cpu%d", cpu))
	return err == nil
}

// isNode reports whether the host has a NUMA node of that number.
func isNode(node any) bool {
	_, err := os.Stat(fmt.Sprintf("/sys/devices/system/node/node%d", node))
	return err == nil
}

// hasCPUs reports whether a NUMA node of the host has processors.
func hasCPUs(node any) bool {
	list, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/node/node%d/cpulist", node))
	return err == nil && len(bytes.TrimSpace(list)) > 0
}

// registerHost adds types that reach for something of the host, and fail as in
// QEMU where the host has none of it.
func registerHost(t *qom.Types) {
	add(t, qom.TypeInfo{Name: "iommufd", Parent: "object", ClassInit: with(Behavior{
		Complete: func(o *qom.Object) error {
			if o.StoredString("fd") != "" {
				return nil
			}
			if _, err := os.Stat("/dev/iommu"); err != nil {
				return fmt.Errorf("/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)")
			}
			return nil
		}})})
	add(t, qom.TypeInfo{Name: "dbus-vmstate", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"addr"}, Complete: refuseDBus})})
	add(t, qom.TypeInfo{Name: "input-barrier", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"name"},
		Complete: func(*qom.Object) error { return errors.New("input-barrier is not supported by qomd") },
	})})
	add(t, qom.TypeInfo{Name: "qtest", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"chardev"},
		Complete: func(o *qom.Object) error {
			if chardevOf(o, "chardev") == nil {
				return fmt.Errorf("Cannot find character device '%s'", o.StoredString("chardev"))
			}
			return errors.New("qtest objects are not supported by qomd, use -qtest")
		}})})
	add(t, qom.TypeInfo{Name: "input-linux", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"evdev"},
		Complete: func(o *qom.Object) error {
			name := o.StoredString("evdev")
			f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
			if err != nil {
				return fmt.Errorf("Could not open '%s': %s", name, Strerror(err))
			}
			defer f.Close()
			const version = 0x80044501 // EVIOCGVERSION, linux/input.h
			if _, err := unix.IoctlGetInt(int(f.Fd()), version); err != nil {
				return fmt.Errorf("%s: is not an evdev device", name)
			}
			return nil
		}})})
	add(t, qom.TypeInfo{Name: "can-host-socketcan", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"if", "canbus"}, Complete: openCAN})})
	add(t, qom.TypeInfo{Name: "pr-manager-helper", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"path"},
		Complete: func(o *qom.Object) error {
			c, err := net.Dial("unix", o.StoredString("path"))
			if err != nil {
				return fmt.Errorf("Failed to connect to '%s': %s", o.StoredString("path"), Strerror(err))
			}
			return c.Close()
		}})})
}

// openCAN looks for the host's end of a CAN bus, as QEMU does; no frames come by.
func openCAN(o *qom.Object) error {
	fd, err := rawCAN()
	if err != nil {
		return fmt.Errorf("failed to create CAN_RAW socket: %s", Strerror(err))
	}
	defer syscall.Close(fd)
	if _, err := net.InterfaceByName(o.StoredString("if")); err != nil {
		return fmt.Errorf("host interface %s not available", o.StoredString("if"))
	}
	return nil
}

// refuseDBus fails as QEMU does where there is no bus, and says so where there is
// one.
func refuseDBus(o *qom.Object) error {
	if path, ok := strings.CutPrefix(o.StoredString("addr"), "unix:path="); ok {
		c, err := net.Dial("unix", path)
		if err != nil {
			return fmt.Errorf("failed to connect to DBus: 'Could not connect: %s'", Strerror(err))
		}
		c.Close()
	}
	return errors.New("D-Bus is not supported by qomd")
}
