package hmp

import "strings"

// migrationTopics are the topics of "info" on migration.
func migrationTopics() []*command {
	return []*command{
		{names: "migrate", args: "all:-a", params: "[-a]", help: "how the migration goes; -a: all there is to tell",
			qmp: "query-migrate", run: infoMigrate},
		{names: "migrate_capabilities", help: "capabilities of migration", qmp: "query-migrate-capabilities",
			run: func(r *run) error {
				list, err := r.list("query-migrate-capabilities")
				if err != nil {
					return err
				}
				for _, c := range list {
					state := "off"
					if flag(c, "state") {
						state = "on"
					}
					r.printf("%s: %s\n", text(c, "capability"), state)
				}
				return nil
			}},
		{names: "migrate_parameters", help: "parameters of migration", qmp: "query-migrate-parameters", run: infoParameters},
	}
}

// parameterUnits are the units of parameters that have one.
var parameterUnits = map[string]string{
	"announce-initial": "ms", "announce-max": "ms", "announce-step": "ms", "downtime-limit": "ms", "x-checkpoint-delay": "ms",
	"x-vcpu-dirty-limit-period": "ms", "vcpu-dirty-limit": "MB/s", "xbzrle-cache-size": "bytes", "x-rdma-chunk-size": "bytes",
	"max-bandwidth": "bytes/second", "avail-switchover-bandwidth": "bytes/second", "max-postcopy-bandwidth": "bytes/second",
}

// shownParameters are those that QEMU prints, in its order.
var shownParameters = []string{
	"announce-initial", "announce-max", "announce-rounds", "announce-step", "throttle-trigger-threshold", "cpu-throttle-initial",
	"cpu-throttle-increment", "cpu-throttle-tailslow", "max-cpu-throttle", "tls-creds", "tls-hostname", "tls-authz",
	"max-bandwidth", "avail-switchover-bandwidth", "max-postcopy-bandwidth", "downtime-limit", "x-checkpoint-delay",
	"multifd-channels", "multifd-compression", "zero-page-detection", "xbzrle-cache-size", "x-vcpu-dirty-limit-period",
	"vcpu-dirty-limit", "mode", "direct-io", "x-rdma-chunk-size",
}

// formerParameters are those that QEMU 7.2 prints, in its order; it gives no unit
// to the last number.
var formerParameters = []string{
	"announce-initial", "announce-max", "announce-rounds", "announce-step", "compress-level", "compress-threads",
	"compress-wait-thread", "decompress-threads", "throttle-trigger-threshold", "cpu-throttle-initial", "cpu-throttle-increment",
	"cpu-throttle-tailslow", "max-cpu-throttle", "tls-creds", "tls-hostname", "max-bandwidth", "downtime-limit",
	"x-checkpoint-delay", "block-incremental", "multifd-channels", "multifd-compression", "xbzrle-cache-size",
	"max-postcopy-bandwidth", "tls-authz",
}

// execCommand is the one parameter that is a list. It is printed although nobody
// has set it.
const execCommand = "cpr-exec-command"

func infoParameters(r *run) error {
	o, err := r.object("query-migrate-parameters")
	if err != nil {
		return err
	}
	shown, former := shownParameters, r.h.m.Env().Ways.FormerMigration
	if former {
		shown = formerParameters
	}
	for _, name := range shown {
		v, ok := o.Get(name)
		if !ok {
			continue
		}
		r.printf("%s: %s", name, parameterText(name, v))
		if unit := parameterUnits[name]; unit != "" && !(former && name == "max-postcopy-bandwidth") {
			r.printf(" %s", unit)
		}
		r.printf("\n")
	}
	if _, known := r.h.schema.Member("migrate-set-parameters", execCommand); known {
		words, _ := o.Get(execCommand)
		list, _ := words.([]any)
		r.printf("%s:", execCommand)
		for _, w := range list {
			r.printf(" %s", plain(w))
		}
		r.printf("\n")
	}
	return nil
}

func parameterText(name string, v any) string {
	switch v := v.(type) {
	case bool:
		return defaultText(v)
	case string:
		if strings.HasPrefix(name, "tls-") {
			return "'" + v + "'"
		}
	}
	return plain(v)
}
