package hmp

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// blockTopics are the topics of "info" on drives and block nodes.
func blockTopics() []*command {
	return []*command{
		{names: "block", args: "nodes:-n,verbose:-v,device:B?", params: "[-n] [-v] [device]", qmp: "query-block",
			help: "drives; -n: named nodes instead; -v: with details", run: infoBlock, complete: completeInfoBlock},
		{names: "blockstats", help: "what drives have done", qmp: "query-blockstats", run: infoBlockstats},
		{names: "block-jobs", help: "block jobs under way", qmp: "query-block-jobs", run: infoBlockJobs},
	}
}

// infoBlock prints drives; the nodes if they are asked for, or if no drive has
// the name.
func infoBlock(r *run) error {
	verbose, device := r.args.flag("verbose"), r.args.text("device")
	if !r.args.flag("nodes") {
		drives, err := r.list("query-block")
		if err != nil {
			return err
		}
		found := r.each(drives, "device", func(d *qjson.Object) { r.drive(d, member(d, "inserted"), verbose) })
		if found || device == "" {
			return nil
		}
	}
	nodes, err := r.list("query-named-block-nodes")
	if err == nil {
		r.each(nodes, "node-name", func(n *qjson.Object) { r.drive(nil, n, verbose) })
	}
	return err
}

// each prints those of a list that are called as the argument device says, all
// without one. An empty line is before all but the first of the list.
func (r *run) each(list []*qjson.Object, name string, print func(*qjson.Object)) (found bool) {
	for i, o := range list {
		if r.has("device") && text(o, name) != r.args.text("device") {
			continue
		}
		if i > 0 {
			r.printf("\n")
		}
		print(o)
		found = true
	}
	return found
}

// drive prints a drive and the node in it; either may be nil.
func (r *run) drive(d, node *qjson.Object, verbose bool) {
	name, in := text(d, "device"), text(node, "node-name")
	switch {
	case name != "" && in != "":
		name += " (" + in + ")"
	case name == "" && in != "":
		name = in
	case name == "" && d.Has("qdev"):
		name = text(d, "qdev")
	case name == "":
		name = "<anonymous>"
	}
	if node == nil {
		r.printf("%s: [not inserted]\n", name)
	} else {
		state := text(node, "drv")
		if flag(node, "ro") {
			state += ", read-only"
		}
		if flag(node, "encrypted") {
			state += ", encrypted"
		}
		if !flag(node, "active") {
			state += ", inactive"
		}
		r.printf("%s: %s (%s)\n", name, text(node, "file"), state)
	}
	if d != nil {
		r.attachment(d)
	}
	if node != nil {
		r.node(node, verbose)
	}
}

// attachment prints how a drive is connected.
func (r *run) attachment(d *qjson.Object) {
	if d.Has("qdev") {
		r.printf("    Attached to:      %s\n", text(d, "qdev"))
	}
	if s := text(d, "io-status"); s != "" && s != "ok" {
		r.printf("    I/O status:       %s\n", s)
	}
	if flag(d, "removable") {
		lock, tray := "not locked", "closed"
		if flag(d, "locked") {
			lock = "locked"
		}
		if flag(d, "tray_open") {
			tray = "open"
		}
		r.printf("    Removable device: %s, tray %s\n", lock, tray)
	}
}

func (r *run) node(n *qjson.Object, verbose bool) {
	cache, mode := member(n, "cache"), "writethrough"
	if flag(cache, "writeback") {
		mode = "writeback"
	}
	if flag(cache, "direct") {
		mode += ", direct"
	}
	if flag(cache, "no-flush") {
		mode += ", ignore flushes"
	}
	r.printf("    Cache mode:       %s\n", mode)
	if n.Has("backing_file") {
		r.printf("    Backing file:     %s (chain depth: %d)\n", text(n, "backing_file"), number(n, "backing_file_depth"))
	}
	if s := text(n, "detect_zeroes"); s != "off" {
		r.printf("    Detect zeroes:    %s\n", s)
	}
	r.limits(n)
	if !verbose {
		return
	}
	r.printf("\nImages:\n")
	for i := member(n, "image"); i != nil; i = member(i, "backing-image") {
		r.image(i)
	}
}

// limitMembers are how fast a drive may be, as QEMU prints them.
var limitMembers = []string{"bps", "bps_rd", "bps_wr", "bps_max", "bps_rd_max", "bps_wr_max",
	"iops", "iops_rd", "iops_wr", "iops_max", "iops_rd_max", "iops_wr_max", "iops_size"}

func (r *run) limits(n *qjson.Object) {
	var words []string
	limited := false
	for _, name := range limitMembers {
		v := number(n, name)
		words = append(words, fmt.Sprintf("%s=%d", name, v))
		limited = limited || v != 0 && !strings.HasSuffix(name, "_max") && name != "iops_size"
	}
	if limited {
		r.printf("    I/O throttling:   %s group=%s\n", strings.Join(words, " "), text(n, "group"))
	}
}

// image prints what qemu-img info does.
func (r *run) image(i *qjson.Object) {
	size := number(i, "virtual-size")
	r.printf("image: %s\nfile format: %s\n", text(i, "filename"), text(i, "format"))
	r.printf("virtual size: %s (%d bytes)\n", sizeText(uint64(size)), size)
	disk := "unavailable"
	if i.Has("actual-size") {
		disk = sizeText(uint64(number(i, "actual-size")))
	}
	r.printf("disk size: %s\n", disk)
	if i.Has("cluster-size") {
		r.printf("cluster_size: %d\n", number(i, "cluster-size"))
	}
	if flag(i, "dirty-flag") {
		r.printf("cleanly shut down: no\n")
	}
	if file := text(i, "backing-filename"); file != "" {
		r.printf("backing file: %s", file)
		if full := text(i, "full-backing-filename"); full != "" && full != file {
			r.printf(" (actual path: %s)", full)
		}
		r.printf("\n")
		if format := text(i, "backing-filename-format"); format != "" {
			r.printf("backing file format: %s\n", format)
		}
	}
	r.alignments(member(i, "limits"))
	if s := member(i, "format-specific"); s != nil {
		r.specific(member(s, "data"))
	}
}

// alignments prints what a node asks of requests: "min-mem-alignment" is a
// number of bytes.
func (r *run) alignments(l *qjson.Object) {
	if l == nil {
		return
	}
	r.printf("Block limits:\n")
	for name, v := range l.All() {
		r.printf("    %s: %s\n", strings.ReplaceAll(name, "-", " "), plain(v))
	}
}

// specific prints what only images of a format have.
func (r *run) specific(data *qjson.Object) {
	if data.Len() == 0 {
		return
	}
	r.printf("Format specific information:\n")
	for name, v := range data.All() {
		r.printf("    %s: %s\n", strings.ReplaceAll(name, "-", " "), plain(v))
	}
}

func infoBlockstats(r *run) error {
	list, err := r.list("query-blockstats")
	if err != nil {
		return err
	}
	gap := ""
	for _, d := range list {
		if !d.Has("device") {
			continue
		}
		s := member(d, "stats")
		name := text(d, "device")
		if in := text(d, "node-name"); name == "" && in != "" {
			name = in
		}
		r.printf("%s%s: idle_time_ns=%d\n", gap, name, number(s, "idle_time_ns"))
		r.printf("%31s %16s %24s %10s\n", "bytes", "operations", "total_time_ns", "merged")
		for _, k := range []struct{ label, name string }{{"Read:", "rd"}, {"Write:", "wr"}} {
			r.printf("%-7s%24d %16d %24d %10d\n", k.label, number(s, k.name+"_bytes"),
				number(s, k.name+"_operations"), number(s, k.name+"_total_time_ns"), number(s, k.name+"_merged"))
		}
		r.printf("%-7s%24s %16d %24d\n", "Flush:", "", number(s, "flush_operations"), number(s, "flush_total_time_ns"))
		gap = "\n"
	}
	return nil
}

func infoBlockJobs(r *run) error {
	list, err := r.list("query-block-jobs")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		r.printf("No active jobs\n")
	}
	for _, j := range list {
		kind := "Type " + text(j, "type") + ","
		if text(j, "type") == "stream" {
			kind = "Streaming"
		}
		r.printf("%s device %s: Completed %d of %d bytes, speed limit %d bytes/s\n",
			kind, text(j, "device"), number(j, "offset"), number(j, "len"), number(j, "speed"))
	}
	return nil
}

// completeInfoBlock completes after flags.
func completeInfoBlock(c *completer, words []string) {
	for len(words) > 2 && strings.HasPrefix(words[1], "-") {
		words = words[1:]
	}
	if len(words) == 2 {
		c.drives(words[1])
	}
}
