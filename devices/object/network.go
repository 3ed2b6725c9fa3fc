package object

import (
	"errors"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// registerNetwork adds the filters, which sit on a network backend.
func registerNetwork(t *qom.Types) {
	complete := func(o *qom.Object) error {
		all := qdev.EnvOf(o).Backends
		if all == nil || all.Netdev(str(o, "netdev")) == nil {
			return errors.New("Parameter 'netdev' expects a network backend id")
		}
		return nil
	}
	add(t, qom.TypeInfo{
		Name: "netfilter", Parent: "object", Abstract: true,
		Init:      initially("insert", "behind", "position", "tail", "queue", "all", "status", "on"),
		ClassInit: with(Behavior{Required: []string{"netdev"}, Complete: complete}),
	})
	for name, also := range map[string]string{"filter-buffer": "interval", "filter-dump": "file", "filter-mirror": "outdev"} {
		add(t, qom.TypeInfo{Name: name, Parent: "netfilter",
			ClassInit: with(Behavior{Required: []string{"netdev", also}, Complete: complete})})
	}
}
