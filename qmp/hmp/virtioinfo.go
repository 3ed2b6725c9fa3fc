package hmp

import (
	"fmt"
	"strings"
)

// virtioTopics are the topics of "info" on virtio devices.
func virtioTopics() []*command {
	return []*command{
		{names: "virtio", help: "virtio devices", qmp: "x-query-virtio", run: infoVirtio},
		{names: "virtio-status", args: "path:s", params: "path", help: "the state of a device", qmp: "x-query-virtio-status",
			run: infoVirtioStatus},
		{names: "virtio-queue-status", args: "path:s,queue:i", params: "path queue", help: "the state of a queue",
			qmp: "x-query-virtio-queue-status", run: infoQueue},
		{names: "virtio-vhost-queue-status", args: "path:s,queue:i", params: "path queue", help: "the state of a queue of vhost",
			qmp: "x-query-virtio-vhost-queue-status", run: forward("x-query-virtio-vhost-queue-status", "path", "queue")},
		{names: "virtio-queue-element", args: "path:s,queue:i,index:i?", params: "path queue [index]",
			help: "what stands in a queue", qmp: "x-query-virtio-queue-element", run: infoElement},
	}
}

// queueMembers are the members of VirtQueueStatus, as QEMU prints them; the ring
// begins with num.
var queueMembers = []struct{ label, member string }{
	{"device_name:          %s", "name"},
	{"queue_index:          %s", "queue-index"},
	{"inuse:                %s", "inuse"},
	{"used_idx:             %s", "used-idx"},
	{"signalled_used:       %s", "signalled-used"},
	{"signalled_used_valid: %s", "signalled-used-valid"},
	{"last_avail_idx:       %s", "last-avail-idx"},
	{"shadow_avail_idx:     %s", "shadow-avail-idx"},
}

func infoQueue(r *run) error {
	o, err := r.object("x-query-virtio-queue-status", r.members("path", "queue")...)
	if err != nil {
		return err
	}
	r.printf("%s:\n", r.args.text("path"))
	for _, m := range queueMembers {
		if v, ok := o.Get(m.member); ok {
			r.printf("  "+m.label+"\n", plain(v))
		}
	}
	r.printf("  VRing:\n    num:          %d\n    num_default:  %d\n    align:        %d\n",
		number(o, "vring-num"), number(o, "vring-num-default"), number(o, "vring-align"))
	for _, part := range []string{"desc", "avail", "used"} {
		r.printf("    %-13s 0x%016x\n", part+":", uint64(number(o, "vring-"+part)))
	}
	return nil
}

func infoElement(r *run) error {
	o, err := r.object("x-query-virtio-queue-element", r.members("path", "queue", "index")...)
	if err != nil {
		return err
	}
	r.printf("%s:\n  device_name: %s\n  index:   %d\n  desc:\n    descs:\n",
		r.args.text("path"), text(o, "name"), number(o, "index"))
	descs, _ := o.Get("descs")
	for i, d := range objects(descs) {
		if i > 0 {
			r.printf(",\n")
		}
		r.printf("        addr 0x%x len %d", uint64(number(d, "addr")), number(d, "len"))
		if names, _ := d.Get("flags"); names != nil {
			list, _ := names.([]any)
			words := make([]string, len(list))
			for i, n := range list {
				words[i] = plain(n)
			}
			r.printf(" (%s)", strings.Join(words, ", "))
		}
	}
	r.printf("\n")
	avail, used := member(o, "avail"), member(o, "used")
	r.printf("  avail:\n    flags: %d\n    idx:   %d\n    ring:  %d\n", number(avail, "flags"), number(avail, "idx"), number(avail, "ring"))
	r.printf("  used:\n    flags: %d\n    idx:   %d\n", number(used, "flags"), number(used, "idx"))
	return nil
}

func infoVirtio(r *run) error {
	list, err := r.list("x-query-virtio")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("No virtio devices found")
	}
	for _, d := range list {
		r.printf("%s [%s]\n", text(d, "path"), text(d, "name"))
	}
	return nil
}
