package hmp

import (
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/net"
)

// networkRows are the commands on networks.
func networkRows() []*command {
	return []*command{
		{names: "netdev_add", args: "netdev:O", params: netdevParams, qmp: "netdev_add",
			help: "make a network backend; options as -netdev takes them", run: netdevAdd, complete: completeNetdevType},
		{names: "netdev_del", args: "id:s", params: "id", help: "remove a network backend", qmp: "netdev_del",
			run: forward("netdev_del", "id"), complete: completeNetdev},
		{names: "set_link", args: "name:s,up:b", params: "name on|off", help: "plug or unplug the cable of a card or backend",
			qmp: "set_link", run: forward("set_link", "name", "up"), complete: completeLink},
		{names: "announce_self", args: "interfaces:s?,id:s?", params: "[interfaces] [id]", qmp: "announce-self",
			help: "have the cards tell the network where they are", run: announceSelf},
		{names: "hostfwd_add", args: "arg1:s,arg2:s?", params: "[netdev_id] [tcp|udp|unix]:[[hostaddr]:hostport|hostpath]-[guestaddr]:guestport",
			help: "hold a port of the host for the guest", run: hostfwdAdd},
		{names: "hostfwd_remove", args: "arg1:s,arg2:s?", params: "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
			help: "let a port of the host go", run: hostfwdRemove},
	}
}

const netdevParams = "[user|tap|socket|stream|dgram|vde|bridge|hubport|netmap|vhost-user|passt],id=str[,prop=value][,...]"

func netdevAdd(r *run) error {
	o := r.args["netdev"].(*options)
	switch o.text("type") {
	case "help", "?":
		r.printf("Available netdev backend types:\n%s\n", strings.Join(net.Kinds(), "\n"))
		return nil
	}
	args, err := r.h.schema.ReadOptions("netdev_add", o.all, func(s string) (uint64, error) { return config.ParseSize(s, 0) })
	if err != nil {
		return err
	}
	return r.h.m.Network.AddOptions(args)
}

// announceParameters are those settings of migration that say how often.
var announceParameters = []string{"initial", "max", "rounds", "step"}

func announceSelf(r *run) error {
	settings, err := r.object("query-migrate-parameters")
	if err != nil {
		return err
	}
	args := r.members("id")
	for _, name := range announceParameters {
		args = append(args, with(name, number(settings, "announce-"+name)))
	}
	if r.has("interfaces") {
		list := []any{}
		for _, name := range strings.Split(r.args.text("interfaces"), ",") {
			list = append(list, name)
		}
		args = append(args, with("interfaces", list))
	}
	return r.ask("announce-self", args...)
}

// rule returns the network and the rule of hostfwd_add and hostfwd_remove: the
// last argument is the rule.
func (r *run) rule() (id, rule string) {
	if r.has("arg2") {
		return r.args.text("arg1"), r.args.text("arg2")
	}
	return "", r.args.text("arg1")
}

func hostfwdAdd(r *run) error {
	if err := r.h.m.Network.Forward(r.rule()); err != nil {
		r.printf("%s\n", err)
	}
	return nil
}

func hostfwdRemove(r *run) error {
	id, rule := r.rule()
	found, err := r.h.m.Network.StopForwarding(id, rule)
	switch {
	case err != nil:
		r.printf("%s\n", err)
	case found:
		r.printf("host forwarding rule for %s removed\n", rule)
	default:
		r.printf("host forwarding rule for %s not found\n", rule)
	}
	return nil
}

func completeNetdevType(c *completer, words []string) {
	if len(words) == 2 {
		for _, kind := range net.Kinds() {
			c.propose(kind, words[1])
		}
	}
}

func completeNetdev(c *completer, words []string) {
	if len(words) == 2 {
		for _, n := range c.h.m.Network.Clients() {
			c.propose(n.ID(), words[1])
		}
	}
}

// completeLink proposes backends and cards, and then the states of a link.
func completeLink(c *completer, words []string) {
	switch len(words) {
	case 2:
		completeNetdev(c, words)
		for _, name := range c.h.m.Network.Cards() {
			c.propose(name, words[1])
		}
	case 3:
		c.propose("on", words[2])
		c.propose("off", words[2])
	}
}
