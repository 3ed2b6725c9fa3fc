package trace

import "strings"

// Point is the name of a trace point.
type Point string

// The points outside of commands, with what QEMU's lines tell.
const (
	HandleHMPCommand Point = "handle_hmp_command" // mon %p cmdline: %s
	HandleQMPCommand Point = "handle_qmp_command" // mon %p req: %s

	RunstateSet   Point = "runstate_set"    // current_run_state %d (%s) new_state %d (%s)
	VMStateNotify Point = "vm_state_notify" // running %d reason %d (%s)
	Powerdown     Point = "qemu_system_powerdown_request"

	InputAbs  Point = "input_event_abs"       // con %d, axis %s, value 0x%x
	InputBtn  Point = "input_event_btn"       // con %d, button %s, down %d
	InputKey  Point = "input_event_key_qcode" // con %d, key qcode %s, down %d
	InputRel  Point = "input_event_rel"       // con %d, axis %s, value %d
	InputSync Point = "input_event_sync"

	MemoryRead  Point = "memory_region_ops_read"  // cpu %d mr %p addr 0x%x value 0x%x size %u name '%s'
	MemoryWrite Point = "memory_region_ops_write" // the same

	PCIRead  Point = "pci_cfg_read"  // %s %02x:%02x.%x @0x%x -> 0x%x
	PCIWrite Point = "pci_cfg_write" // %s %02x:%02x.%x @0x%x <- 0x%x

	VirtioNotify      Point = "virtio_notify"       // vdev %p vq %p
	VirtioQueueNotify Point = "virtio_queue_notify" // vdev %p n %d vq %p
	VirtioSetStatus   Point = "virtio_set_status"   // vdev %p val %u

	XHCIDoorbell Point = "usb_xhci_doorbell_write" // off 0x%04x, val 0x%08x
)

// Enter and Exit are the points before and behind a QMP command.
func Enter(command string) Point { return commandPoint("qmp_enter_", command) }

func Exit(command string) Point { return commandPoint("qmp_exit_", command) }

func commandPoint(prefix, command string) Point {
	return Point(prefix + strings.ReplaceAll(command, "-", "_"))
}

// Points lists all points of a machine that has these commands.
func Points(commands []string) []Point {
	list := []Point{
		HandleHMPCommand, HandleQMPCommand, RunstateSet, VMStateNotify, Powerdown,
		InputAbs, InputBtn, InputKey, InputRel, InputSync, MemoryRead, MemoryWrite, PCIRead, PCIWrite,
		VirtioNotify, VirtioQueueNotify, VirtioSetStatus, XHCIDoorbell,
	}
	for _, c := range commands {
		if HasPoints(c) {
			list = append(list, Enter(c), Exit(c))
		}
	}
	return list
}

// HasPoints reports whether a command has points around it: one that QEMU does
// not generate code for has none.
func HasPoints(command string) bool { return command != "device_add" }

// IsPattern reports whether text stands for several points: ? does so only
// beside a *.
func IsPattern(text string) bool { return strings.Contains(text, "*") }

// Match reports whether a name or a pattern fits: * stands for any text, ? for
// one letter.
func Match(pattern string, p Point) bool {
	if !IsPattern(pattern) {
		return pattern == string(p)
	}
	return match(pattern, string(p))
}

func match(pattern, text string) bool {
	for ; pattern != ""; pattern, text = pattern[1:], text[1:] {
		switch {
		case pattern[0] == '*':
			for i := range len(text) + 1 {
				if match(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case text == "" || pattern[0] != '?' && pattern[0] != text[0]:
			return false
		}
	}
	return text == ""
}
