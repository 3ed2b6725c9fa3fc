package hmp

import "fmt"

// dirtyRateRows are the commands about how fast memory changes.
func dirtyRateRows() []*command {
	return []*command{
		{names: "calc_dirty_rate", args: "dirty_ring:-r,dirty_bitmap:-b,second:l,sample_pages_per_GB:l?", qmp: "calc-dirty-rate",
			params: "[-r] [-b] second [sample_pages_per_GB]",
			help:   "measure how fast memory changes; -b: by looking at all pages; -r: with KVM's rings", run: calcDirtyRate},
		{names: "set_vcpu_dirty_limit", args: "dirty_rate:l,cpu_index:l?", qmp: "set-vcpu-dirty-limit", params: "dirty_rate [cpu_index]",
			help: "limit how fast a processor may write to memory, in megabytes a second; KVM only",
			run:  setDirtyLimit},
		{names: "cancel_vcpu_dirty_limit", args: "cpu_index:l?", qmp: "cancel-vcpu-dirty-limit", params: "[cpu_index]",
			help: "take such a limit away", run: cancelDirtyLimit},
	}
}

// dirtyRateTopics are the topics of "info" about it.
func dirtyRateTopics() []*command {
	return []*command{
		{names: "dirty_rate", help: "how fast the guest writes to memory", qmp: "query-dirty-rate", run: infoDirtyRate},
		{names: "vcpu_dirty_limit", help: "limits of how fast processors may write to memory", qmp: "query-vcpu-dirty-limit",
			run: infoDirtyLimit},
	}
}

func calcDirtyRate(r *run) error {
	args := r.members("calc-time=second", "sample-pages=sample_pages_per_GB")
	switch ring, bitmap := r.args.flag("dirty_ring"), r.args.flag("dirty_bitmap"); {
	case r.args.number("second") == 0:
		r.printf("Incorrect period length specified!\n")
		return nil
	case ring && bitmap:
		r.printf("Either dirty ring or dirty bitmap can be specified!\n")
		return nil
	case ring:
		args = append(args, with("mode", "dirty-ring"))
	case bitmap:
		args = append(args, with("mode", "dirty-bitmap"))
	}
	if err := r.ask("calc-dirty-rate", args...); err != nil {
		return err
	}
	r.printf("Starting dirty rate measurement with period %d seconds\n", r.args.number("second"))
	r.printf("[Please use 'info dirty_rate' to check results]\n")
	return nil
}

func setDirtyLimit(r *run) error {
	if rate := r.args.number("dirty_rate"); rate < 0 {
		return fmt.Errorf("invalid dirty page limit %d", rate)
	}
	return r.ask("set-vcpu-dirty-limit", r.members("dirty-rate=dirty_rate", "cpu-index=cpu_index")...)
}

func cancelDirtyLimit(r *run) error {
	if err := r.ask("cancel-vcpu-dirty-limit", r.members("cpu-index=cpu_index")...); err != nil {
		return err
	}
	r.printf("[Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU]\n")
	return nil
}

func infoDirtyRate(r *run) error {
	o, err := r.object("query-dirty-rate")
	if err != nil {
		return err
	}
	// These are seconds, whatever QEMU says.
	r.printf("Status: %s\nStart Time: %d (ms)\n", text(o, "status"), number(o, "start-time"))
	if text(o, "mode") == "page-sampling" {
		r.printf("Sample Pages: %d (per GB)\n", number(o, "sample-pages"))
	}
	r.printf("Period: %d (sec)\nMode: %s\nDirty rate: ", number(o, "calc-time"), text(o, "mode"))
	if !o.Has("dirty-rate") {
		r.printf("(not ready)\n")
		return nil
	}
	r.printf("%d (MB/s)\n", number(o, "dirty-rate"))
	rates, _ := o.Get("vcpu-dirty-rate")
	for _, v := range objects(rates) {
		r.printf("vcpu[%d], Dirty rate: %d (MB/s)\n", number(v, "id"), number(v, "dirty-rate"))
	}
	return nil
}

func infoDirtyLimit(r *run) error {
	list, err := r.list("query-vcpu-dirty-limit")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		r.printf("Dirty page limit not enabled!\n")
	}
	for _, v := range list {
		r.printf("vcpu[%d], limit rate %d (MB/s), current rate %d (MB/s)\n",
			number(v, "cpu-index"), number(v, "limit-rate"), number(v, "current-rate"))
	}
	return nil
}
