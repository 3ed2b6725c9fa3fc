package scenario_test

import (
	"testing"

	"github.com/qomd/qomd/qmp/scenario"
)

// TestMonitorFaults tells a story for each fault that the stories U1 to U28 do
// not tell.
func TestMonitorFaults(t *testing.T) {
	for name, steps := range map[string]string{
		"pieces": `  - fault: {split: 7}
  - qmp: query-status
    returns: {status: running}
  - qmp: stop
    events: [STOP]
`,
		"silence": `  - fault: {silent: true}
  - connect: b
    greeting: none
  - qmp: query-status
    reply: none
  - fault: {silent: false}
  - qmp: query-status
    returns: {status: running}
`,
		"long replies": `  - fault: {pad-replies: 70000}
  - qmp: query-status
    returns: {status: running}
`,
		"a cut": `  - fault: {cut-after: 400}
  - qmp: query-commands
    closed: true
  - fault: {cut-after: 0}
  - connect: main
  - qmp: query-status
`,
		"late events": `  - fault: {event-delay-ms: 700}
  - qmp: stop
  - qmp: cont
  - clock: 699ms
  - clock: 1ms
    events: [STOP, RESUME]
`,
		"every stage of a plug": `  - fault:
      realize:
        - {stage: new, device: virtio-rng-pci}
        - {stage: property, count: 1}
        - {stage: pre-plug, device: x0}
        - {stage: realize, device: x0}
        - {stage: migration, device: x0}
        - {stage: bus, device: x0}
        - {stage: plug, device: x0}
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'new' of 'virtio-rng-pci'"
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'property' of 'virtio-rng-pci'"
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'pre-plug' of 'virtio-rng-pci'"
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'realize' of 'virtio-rng-pci'"
    draining: []
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'migration' of 'virtio-rng-pci'"
    events: [DEVICE_DELETED] # of the backend inside, which was alive
    draining: []
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'bus' of 'virtio-rng-pci'"
    events: [DEVICE_DELETED]
    draining: []
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "fault armed for stage 'plug' of 'virtio-rng-pci'"
    events: [DEVICE_DELETED]
    draining: []
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    devices: {x0: plugged}
`,
		"a model that panics, at every stage": `  - fault:
      realize:
        - {stage: new, device: qemu-xhci, action: panic}
        - {stage: property, action: panic}
        - {stage: pre-plug, action: panic}
        - {stage: realize, action: panic}
        - {stage: migration, device: x0, action: panic}
        - {stage: bus, action: panic}
        - {stage: plug, device: x0, action: panic}
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'new'"
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0, p2: 4}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'property'"
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'pre-plug'"
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'realize'"
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'migration'"
    events: [DEVICE_DELETED]
    draining: []
  - qmp: device_add
    arguments: {driver: virtio-rng-pci, id: x0, bus: rp0, addr: "0"}
    error: "internal error in device 'virtio-rng-pci': fault armed for stage 'bus'"
    events: [DEVICE_DELETED]
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    error: "internal error in device 'qemu-xhci': fault armed for stage 'plug'"
    events: [DEVICE_DELETED]
    draining: []
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    devices: {x0: plugged}
  - qmp: device_del
    arguments: {id: x0}
    events: [DEVICE_DELETED, DEVICE_DELETED]
    draining: []
`,
		"an eject while the device is being made": `  - fault: {realize: {stage: plug, device: x0, action: eject}}
  - qmp: device_add
    arguments: {driver: qemu-xhci, id: x0, bus: rp0}
    devices: {x0: plugged}
  - qmp: device_del
    arguments: {id: x0}
    events: [DEVICE_DELETED, DEVICE_DELETED]
    draining: []
`,
		"single grace periods": `  - qmp: device_add
    arguments: {driver: edu, id: x0, bus: rp0}
  - fault: {stall-grace-period: true}
  - qmp: device_del
    arguments: {id: x0}
    devices: {x0: draining}
  - fault: {grace-periods: 1}
    events: [DEVICE_DELETED]
    devices: {x0: gone}
`,
		"by a client": `  - qmp: qom-set
    arguments: {path: /machine/faults, property: stall-grace-period, value: true}
  - qmp: qom-get
    arguments: {path: /machine/faults, property: stall-grace-period}
    returns: true
  - qmp: qom-set
    arguments: {path: /machine/guest, property: temper, value: ignore}
  - qmp: qom-get
    arguments: {path: /machine/guest, property: temper}
    returns: ignore
  - qmp: qom-set
    arguments: {path: /machine/guest, property: devices, value: {x0: busy}}
  - qmp: qom-set
    arguments: {path: /machine/guest, property: temper, value: angry}
    error: unknown temper 'angry', known are accept, ignore, refuse, busy, die, hang, eject, surprise, misread
`,
	} {
		t.Run(name, func(t *testing.T) {
			tell(t, `name: faults
machine:
  type: q35
  nodefaults: true
  guest: linux
  devices:
    - {driver: pcie-root-port, id: rp0, chassis: 1}
steps:
`+steps)
		})
	}
}

// TestUnplugErrorOfVersions: which events tell of an eject that failed is the
// catalog's to say.
func TestUnplugErrorOfVersions(t *testing.T) {
	for catalog, events := range map[string]string{
		"7.2": `      - MEM_UNPLUG_ERROR: {device: d0, msg: fault armed for stage 'unplug' of 'pc-dimm'}
      - DEVICE_UNPLUG_GUEST_ERROR: {device: d0, path: /machine/peripheral/d0}
`,
		"11.1": `      - DEVICE_UNPLUG_GUEST_ERROR: {device: d0, path: /machine/peripheral/d0}
`,
	} {
		t.Run(catalog, func(t *testing.T) {
			tell(t, `name: an eject fails
machine:
  type: q35
  catalog: "`+catalog+`"
  nodefaults: true
  memory: {size: 128M, slots: 2, max: 1G}
  guest: linux
steps:
  - qmp: object-add
    arguments: {qom-type: memory-backend-ram, id: m0, size: 134217728}
  - qmp: device_add
    arguments: {driver: pc-dimm, id: d0, memdev: m0}
    events: [ACPI_DEVICE_OST]
  - fault: {realize: {stage: unplug}}
  - qmp: device_del
    arguments: {id: d0}
    events:
`+events+`      - ACPI_DEVICE_OST
    devices: {d0: plugged}
`)
		})
	}
}

// TestFailover: a guest that knows of failover pairs gets the primary when it has
// started the standby, and not before.
func TestFailover(t *testing.T) {
	tell(t, `name: failover
machine:
  type: q35
  nodefaults: true
  guest: {kind: linux, power-on-ms: 100}
  globals:
    - {driver: ICH9-LPC, property: acpi-pci-hotplug-with-bridge-support, value: "off"}
  devices:
    - {driver: pcie-root-port, id: rp0, chassis: 1}
    - {driver: pcie-root-port, id: rp1, chassis: 2}
steps:
  - qmp: device_add
    arguments: {driver: virtio-net-pci, id: net1, bus: rp0, failover: true}
  - qmp: device_add
    arguments: {driver: e1000e, id: h0, bus: rp1, failover_pair_id: net1}
    returns: {}
  - qmp: device_del
    arguments: {id: h0}
    error: {class: DeviceNotFound, desc: "Device 'h0' not found"}
  - clock: 100ms
    events:
      - FAILOVER_NEGOTIATED: {device-id: net1}
  - clock: 100ms
    devices: {h0: plugged, net1: plugged}
  - qmp: device_del
    arguments: {id: h0}
    events:
      - DEVICE_DELETED: {device: h0, path: /machine/peripheral/h0}
`)
}

// TestPluggedEarly: what was plugged before the guest booted is let go as what
// came later, also where the slots themselves have registers for it and ACPI
// serves them.
func TestPluggedEarly(t *testing.T) {
	for _, bridge := range []string{"on", "off"} {
		tell(t, `name: early
machine:
  type: q35
  nodefaults: true
  paused: true
  guest: {kind: linux}
  globals:
    - {driver: ICH9-LPC, property: acpi-pci-hotplug-with-bridge-support, value: "`+bridge+`"}
  devices:
    - {driver: pcie-root-port, id: rp0, chassis: 1}
steps:
  - qmp: device_add
    arguments: {driver: e1000e, id: x, bus: rp0}
  - qmp: cont
    events: [RESUME]
  - qmp: device_del
    arguments: {id: x}
    events:
      - DEVICE_DELETED: {device: x, path: /machine/peripheral/x}
`)
	}
}

// tell runs a story.
func tell(t *testing.T, text string) {
	t.Helper()
	s, err := scenario.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Run(s, scenario.Options{}); err != nil {
		t.Error(err)
	}
}
