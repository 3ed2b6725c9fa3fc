package hmp

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// infoMigrate tells how the migration goes, as far as it has begun.
func infoMigrate(r *run) error {
	if r.h.m.Env().Ways.FormerMigration {
		r.migrationGlobals("globals:", "", "store-global-state", "only-migratable", "send-configuration", "send-section-footer",
			"decompress-error-check", "x-clear-bitmap-shift")
	}
	o, err := r.object("query-migrate")
	if err != nil {
		return err
	}
	if v, ok := o.Get("blocked-reasons"); ok {
		r.printf("Outgoing migration blocked:\n")
		list, _ := v.([]any)
		for _, reason := range list {
			r.printf("  %s\n", plain(reason))
		}
	}
	if o.Has("status") {
		r.migrated(o)
	}
	if r.args.flag("all") {
		r.migrationGlobals("Globals:", "  ", "store-global-state", "only-migratable", "send-configuration", "send-section-footer",
			"send-switchover-start", "x-clear-bitmap-shift")
		r.migrationCache(member(o, "xbzrle-cache"))
	}
	return nil
}

// migrationGlobals tells of settings that no command changes.
func (r *run) migrationGlobals(title, indent string, names ...string) {
	r.printf("%s\n", title)
	for _, name := range names {
		v := r.h.m.MigrationGlobal(name)
		if name == "only-migratable" {
			v = r.h.m.Env().OnlyMigratable
		}
		r.printf("%s%s: %s\n", indent, strings.TrimPrefix(name, "x-"), defaultText(v))
	}
}

// migrationCache tells of the cache by which changes to pages are found.
func (r *run) migrationCache(o *qjson.Object) {
	if o == nil {
		return
	}
	r.printf("XBZRLE: size=%d, transferred=%d, pages=%d, miss=%d\n",
		number(o, "cache-size"), number(o, "bytes"), number(o, "pages"), number(o, "cache-miss"))
	r.printf("  miss_rate=%.2f, encode_rate=%.2f, overflow=%d\n", fraction(o, "cache-miss-rate"), fraction(o, "encoding-rate"), number(o, "overflow"))
}

// migrated tells of the migration itself.
func (r *run) migrated(o *qjson.Object) {
	reason := ""
	if o.Has("error-desc") {
		reason = " (" + text(o, "error-desc") + ")"
	}
	r.printf("Status: \t\t%s%s\n", text(o, "status"), reason)
	if o.Has("total-time") {
		r.printf("Time (ms): \t\t%s\n", figures(o, "total=total-time", "setup=setup-time", "exp_down=expected-downtime", "down=downtime"))
	}
	if o.Has("remaining") {
		r.printf("Remaining: \t\t%s\n", roundSize(number(o, "remaining")))
	}
	if v, ok := o.Get("socket-address"); ok {
		r.printf("Sockets: [\n")
		for _, a := range objects(v) {
			where := text(a, "path")
			if kind := text(a, "type"); kind == "inet" {
				where = "tcp:" + text(a, "host") + ":" + text(a, "port")
			} else {
				where = kind + ":" + where
			}
			r.printf("\t%s\n", where)
		}
		r.printf("]\n")
	}
	if v, ok := o.Get("ram"); ok {
		r.migratedMemory(v.(*qjson.Object))
	}
}

// figures lists numbers that an object has, as "text=member" says.
func figures(o *qjson.Object, names ...string) string {
	var list []string
	for _, n := range names {
		label, member, _ := strings.Cut(n, "=")
		if o.Has(member) {
			list = append(list, fmt.Sprintf("%s=%d", label, number(o, member)))
		}
	}
	return strings.Join(list, ", ")
}

func (r *run) migratedMemory(o *qjson.Object) {
	size := func(name string) string { return roundSize(number(o, name)) }
	r.printf("RAM info:\n  Throughput (Mbps): \t%0.2f\n", fraction(o, "mbps"))
	r.printf("  Sizes: \t\tpagesize=%s, total=%s\n", size("page-size"), size("total"))
	r.printf("  Transfers: \t\ttransferred=%s, remain=%s\n", size("transferred"), size("remaining"))
	r.printf("    Channels: \t\tprecopy=%s, multifd=%s, postcopy=%s\n", size("precopy-bytes"), size("multifd-bytes"), size("postcopy-bytes"))
	r.printf("    Page Types: \t%s\n", figures(o, "normal=normal", "zero=duplicate"))
	r.printf("  Page Rates (pps): \t%s\n", figures(o, withoutZero(o, "transfer=pages-per-second", "dirty=dirty-pages-rate")...))
	r.printf("  Others: \t\t%s\n", figures(o, withoutZero(o, "dirty_syncs=dirty-sync-count", "downtime_bytes=downtime-bytes", "postcopy_req=postcopy-requests")...))
}

// withoutZero leaves all but the first out that are 0.
func withoutZero(o *qjson.Object, names ...string) []string {
	list := names[:1:1]
	for _, n := range names[1:] {
		if _, member, _ := strings.Cut(n, "="); number(o, member) != 0 {
			list = append(list, n)
		}
	}
	return list
}

// roundSize puts bytes in three digits and the unit that makes them fewest.
func roundSize(n int64) string {
	units := []string{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}
	v, unit := float64(n), 0
	for v >= 1000 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	return fmt.Sprintf("%.3g %sB", v, units[unit])
}
