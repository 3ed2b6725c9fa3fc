package commands

import (
	"errors"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// absent registers the questions about parts of QEMU that no machine here has.
// The answers are those of a QEMU that was not told to use them, and so they
// are the truth.
func (c *Commands) absent() {
	object := func(members ...qjson.Member) *qjson.Object { return qjson.NewObject(members...) }
	is := func(name string, value any) qjson.Member { return qjson.Member{Name: name, Value: value} }
	for name, answer := range map[string]any{
		"query-colo-status":            object(is("mode", "none"), is("last-mode", "none"), is("reason", "none")),
		"query-display-options":        object(is("type", "none")),
		"query-replay":                 object(is("mode", "none"), is("icount", int64(0))),
		"query-spice":                  object(is("enabled", false), is("migrated", false), is("mouse-mode", "client")),
		"query-xen-replication-status": object(is("error", false)),
	} {
		qmp.Register(c.set, name, 0, func(*qmp.Call, none) (any, error) { return answer, nil })
	}
	for name, text := range map[string]string{
		"query-firmware-log":             "firmware log buffer not found",
		"query-gic-capabilities":         "GIC hardware is not available on this target",
		"query-hv-balloon-status-report": "no hv-balloon device present",
		"query-s390x-cpu-polarization":   "CPU polarization is not supported on this target",
		"query-sev-attestation-report":   "SEV is not enabled",
		"sev-inject-launch-secret":       "SEV not enabled for guest",
		"xen-event-list":                 "Xen event channel emulation not enabled",
		"xen-event-inject":               "Xen event channel emulation not enabled",
		"replay-break":                   "setting the breakpoint is allowed only in play mode",
		"replay-delete-break":            "replay breakpoints are allowed only in play mode",
		"replay-seek":                    "replay must be enabled to seek",
		"dump-skeys":                     "Storage keys information not available for this architecture",
		"inject-ghes-v2-error":           "GHES QMP error inject is not compiled in",
		"query-cpu-model-baseline":       "CPU model baseline is not supported on this target",
		"query-cpu-model-comparison":     "CPU model comparison is not supported on this target",
		"set-cpu-topology":               "CPU topology change is not supported on this target",
		"x-query-profile":                "Internal profiler not compiled", // of 7.2
	} {
		qmp.RegisterRaw(c.set, name, 0, func(*qmp.Call, *qjson.Object) (any, error) { return nil, errors.New(text) })
	}
	qmp.RegisterRaw(c.set, "dumpdtb", 0, func(*qmp.Call, *qjson.Object) (any, error) { return nil, noDeviceTree{} })
	// Of 7.2: a QEMU without profiler, and without a card that knows RDMA.
	for name, text := range map[string]string{"x-query-opcount": "[TCG profiler not compiled]\n", "x-query-rdma": ""} {
		answer := object(is("human-readable-text", text))
		qmp.Register(c.set, name, 0, func(*qmp.Call, none) (any, error) { return answer, nil })
	}
	// QEMU counts interrupts here that its clock could not deliver in time. This
	// one loses none.
	qmp.Register(c.set, "rtc-reset-reinjection", 0, func(*qmp.Call, none) (none, error) { return none{}, nil })
}

// noDeviceTree refuses to save what no PC has.
type noDeviceTree struct{}

func (noDeviceTree) Error() string { return "This machine doesn't have an FDT" }

// Hint is seen in the human monitor only.
func (noDeviceTree) Hint() string {
	return "(Perhaps it doesn't support FDT at all, or perhaps you need to provide an FDT with the -fdt option?)\n"
}
