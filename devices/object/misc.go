package object

import (
	"fmt"
	"net"
	"os"

	"github.com/qomd/qomd/qom"
)

// inUse is QEMU's refusal to delete an object whose class never lets it go.
func inUse(o *qom.Object) error {
	return fmt.Errorf("object '%s' is in use, can not be deleted", o.Name())
}

// registerMisc adds types that only demand properties.
func registerMisc(t *qom.Types) {
	for name, required := range map[string][]string{
		"acpi-generic-initiator": {"pci-dev", "node"},
		"acpi-generic-port":      {"pci-bus", "node"},
		"sev-guest":              {"reduced-phys-bits"},
		"sev-snp-guest":          {"reduced-phys-bits"},
		"can-host-socketcan":     {"if", "canbus"},
		"colo-compare":           {"primary_in", "secondary_in", "outdev", "iothread"},
		"x-remote-object":        {"fd", "devid"},
	} {
		add(t, qom.TypeInfo{Name: name, Parent: "object", ClassInit: requires(required...)})
	}
	add(t, qom.TypeInfo{
		Name: "thread-context", Parent: "object",
		Properties: []*qom.Property{integers("cpu-affinity"), integers("node-affinity")},
	})
}

// registerHost adds types that reach for something of the host, and fail as in
// QEMU where the host has none of it.
func registerHost(t *qom.Types) {
	add(t, qom.TypeInfo{Name: "iommufd", Parent: "object", ClassInit: with(Behavior{
		Complete: func(o *qom.Object) error {
			if str(o, "fd") != "" {
				return nil
			}
			if _, err := os.Stat("/dev/iommu"); err != nil {
				return fmt.Errorf("/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)")
			}
			return nil
		}})})
	add(t, qom.TypeInfo{Name: "input-linux", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"evdev"},
		Complete: func(o *qom.Object) error {
			if err := reachable(str(o, "evdev")); err != nil {
				return fmt.Errorf("Could not open '%s': %s", str(o, "evdev"), Strerror(err))
			}
			return nil
		}})})
	add(t, qom.TypeInfo{Name: "pr-manager-helper", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"path"},
		Complete: func(o *qom.Object) error {
			c, err := net.Dial("unix", str(o, "path"))
			if err != nil {
				return fmt.Errorf("Failed to connect to '%s': %s", str(o, "path"), Strerror(err))
			}
			return c.Close()
		}})})
}
