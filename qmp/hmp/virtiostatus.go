package hmp

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// infoVirtioStatus prints the state of a device as QEMU 7.2 does; 11.1.3 itself
// aborts.
func infoVirtioStatus(r *run) error {
	o, err := r.object("x-query-virtio-status", r.members("path")...)
	if err != nil {
		return err
	}
	r.printf("%s:\n", r.args.text("path"))
	r.virtioStatus(o)
	return nil
}

func (r *run) virtioStatus(o *qjson.Object) {
	for _, l := range []struct {
		label string
		value any
	}{
		{"device_name", text(o, "name") + " "},
		{"device_id", number(o, "device-id")},
		{"vhost_started", flag(o, "vhost-started")},
		{"bus_name", cmp.Or(text(o, "bus-name"), "(null)")},
		{"broken", flag(o, "broken")},
		{"disabled", flag(o, "disabled")},
		{"disable_legacy_check", flag(o, "disable-legacy-check")},
		{"started", flag(o, "started")},
		{"use_started", flag(o, "use-started")},
		{"start_on_kick", flag(o, "start-on-kick")},
		{"use_guest_notifier_mask", flag(o, "use-guest-notifier-mask")},
		{"vm_running", flag(o, "vm-running")},
		{"num_vqs", number(o, "num-vqs")},
		{"queue_sel", number(o, "queue-sel")},
		{"isr", number(o, "isr")},
		{"endianness", text(o, "device-endian")},
	} {
		r.printf("  %-24s %v\n", l.label+":", l.value)
	}
	status := member(o, "status")
	r.printf("  status:\n%s\n", lines(status, "statuses"))
	if status.Has("unknown-statuses") {
		r.printf("  unknown-statuses(0x%016x)\n", number(status, "unknown-statuses"))
	}
	for _, f := range []struct{ label, member string }{
		{"Guest", "guest-features"}, {"Host", "host-features"}, {"Backend", "backend-features"},
	} {
		features := member(o, f.member)
		r.printf("  %s features:\n%s\n", f.label, lines(features, "transports"))
		if own := lines(features, "dev-features"); own != "" {
			r.printf("%s\n", own)
		}
		if features.Has("unknown-dev-features") {
			r.printf("  unknown-features(0x%016x)\n", number(features, "unknown-dev-features"))
		}
	}
}

// lines joins the texts in a list, each on a line of its own.
func lines(o *qjson.Object, name string) string {
	v, _ := o.Get(name)
	all, _ := v.([]any)
	var list []string
	for _, e := range all {
		list = append(list, fmt.Sprintf("\t%v", e))
	}
	return strings.Join(list, ",\n")
}
