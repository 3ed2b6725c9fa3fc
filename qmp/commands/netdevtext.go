package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// The members of netdevs that are not texts.
var (
	netdevNumbers = []string{"hubid", "sndbuf", "queues", "poll-us", "reconnect-ms", "ipv6-prefixlen", "port", "mode",
		"txcookie", "rxcookie", "txsession", "rxsession", "offset", "vectors", "mtu", "to"}
	netdevLists = []string{"hostfwd", "guestfwd", "dnssearch", "search", "tcp-ports", "udp-ports", "param"}
	netdevTexts = []string{"id", "type", "host", "path", "str", "ifname", "script", "downscript", "fd", "fds"}
)

// NetdevArguments turns the text of -netdev and HMP's netdev_add into the
// arguments of netdev_add, and checks them: dots make objects ("addr.type"),
// and numbers and switches are read.
func NetdevArguments(s *schema.Schema, text *qjson.Object) (*qjson.Object, error) {
	args := qjson.NewObject()
	for name, v := range text.All() {
		s, ok := v.(string)
		if !ok {
			args.Set(name, v)
			continue
		}
		into := args
		parts := strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			next, ok := into.Get(p)
			o, isObject := next.(*qjson.Object)
			if !ok {
				o = qjson.NewObject()
				into.Set(p, o)
			} else if !isObject {
				return nil, fmt.Errorf("Parameters '%s.*' used inconsistently", p)
			}
			into = o
		}
		value, err := netdevValue(parts[len(parts)-1], s, len(parts) > 1)
		if err != nil {
			return nil, err
		}
		into.Set(parts[len(parts)-1], value)
	}
	for _, name := range []string{"id", "type"} {
		if !args.Has(name) {
			return nil, fmt.Errorf("Parameter '%s' is missing", name)
		}
	}
	return args, s.CheckArguments("netdev_add", args)
}

// netdevValue reads the text of one member.
func netdevValue(name, s string, nested bool) (any, error) {
	switch {
	case slices.Contains(netdevTexts, name), name == "port" && nested:
		return s, nil
	case slices.Contains(netdevNumbers, name):
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			size, bad := config.ParseSize(s, 0)
			if bad != nil || size > 1<<62 {
				return nil, fmt.Errorf("Parameter '%s' expects a number", name)
			}
			n = int64(size)
		}
		return n, nil
	case slices.Contains(netdevLists, name):
		return []any{qjson.NewObject(qjson.Member{Name: "str", Value: s})}, nil
	}
	switch s {
	case "on", "yes", "true", "y":
		return true, nil
	case "off", "no", "false", "n":
		return false, nil
	}
	return s, nil
}
