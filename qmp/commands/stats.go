package commands

import (
	"slices"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// stats registers qapi/stats.json. The accelerator that would count, KVM, is not
// here; backends of crypto devices do.
func (c *Commands) stats() {
	qmp.Register(c.set, "query-stats", 0, c.queryStats)
	qmp.Register(c.set, "query-stats-schemas", 0, c.queryStatsSchemas)
}

// cryptodevProvider is the provider, and the target, of what backends of crypto
// devices count.
const cryptodevProvider = "cryptodev"

// cryptoCounters are what a backend counts for each kind of service.
var cryptoCounters = map[string][]string{
	"sym": {"sym-decrypt-bytes", "sym-encrypt-bytes", "sym-decrypt-ops", "sym-encrypt-ops"},
	"asym": {"asym-verify-bytes", "asym-sign-bytes", "asym-decrypt-bytes", "asym-encrypt-bytes",
		"asym-verify-ops", "asym-sign-ops", "asym-decrypt-ops", "asym-encrypt-ops"},
}

type statsArgs struct {
	Target    string         `json:"target"`
	Providers []providerArgs `json:"providers"`
	VCPUs     []string       `json:"vcpus"`
}

type providerArgs struct {
	Provider string   `json:"provider"`
	Names    []string `json:"names"`
}

type statsResult struct {
	Provider string `json:"provider"`
	Path     string `json:"qom-path"`
	Stats    []stat `json:"stats"`
}

type stat struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

// queryStats tells what was counted. As in QEMU 11.1 the names that a caller
// asks for are ignored by this provider. No backend of ours does any work, so
// that nothing has been counted yet.
func (c *Commands) queryStats(_ *qmp.Call, a statsArgs) ([]statsResult, error) {
	list := []statsResult{}
	wanted := func(p providerArgs) bool { return p.Provider == cryptodevProvider }
	if a.Target != cryptodevProvider || a.Providers != nil && !slices.ContainsFunc(a.Providers, wanted) {
		return list, nil
	}
	for _, o := range c.objects("cryptodev-backend") {
		r := statsResult{Provider: cryptodevProvider, Path: o.Path(), Stats: []stat{}}
		for _, name := range cryptoCounters[cryptoKind(o.TypeName())] {
			r.Stats = append(r.Stats, stat{Name: name})
		}
		list = append(list, r)
	}
	return list, nil
}

// cryptoKind is what a type of backends does: "sym" or "asym" ciphers.
func cryptoKind(typ string) string {
	if typ == "cryptodev-backend-lkcf" {
		return "asym"
	}
	return "sym"
}

type schemaArgs struct {
	Provider string `json:"provider"`
}

// queryStatsSchemas lists what can be counted. Before QEMU 8.0 only KVM counted.
func (c *Commands) queryStatsSchemas(_ *qmp.Call, a schemaArgs) (any, error) {
	if a.Provider != "" && a.Provider != cryptodevProvider || !c.schema.HasCommand("query-cryptodev") {
		return []any{}, nil
	}
	counters := []any{}
	for _, kind := range []string{"asym", "sym"} {
		for _, name := range cryptoCounters[kind] {
			counters = append(counters, qjson.NewObject(qjson.Member{Name: "name", Value: name},
				qjson.Member{Name: "type", Value: "cumulative"}, qjson.Member{Name: "exponent", Value: int64(0)}))
		}
	}
	return []any{qjson.NewObject(qjson.Member{Name: "provider", Value: cryptodevProvider},
		qjson.Member{Name: "target", Value: cryptodevProvider}, qjson.Member{Name: "stats", Value: counters})}, nil
}
