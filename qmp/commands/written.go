package commands

import (
	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// Written reads options of a command line as the arguments of the command that
// does the same. The answer has their types; a mistake is told in the words of
// the syntax, which QEMU reads differently.
type Written struct{ Schema *schema.Schema }

// byteCount reads a number of bytes.
func byteCount(text string) (uint64, error) { return config.ParseSize(text, 0) }

// Blockdev reads -blockdev: key=value in the newer syntax if text is set, or JSON.
func (w Written) Blockdev(o *qjson.Object, text bool) (*qjson.Object, error) {
	if !text {
		return o, w.Schema.CheckArguments("blockdev-add", o)
	}
	o, err := config.Nest(o)
	if err != nil {
		return nil, err
	}
	return w.Schema.ReadKeyval("blockdev-add", o, byteCount)
}

// modern are the types of netdevs that QEMU reads in the newer syntax.
var modern = map[any]bool{"stream": true, "dgram": true}

// Netdev reads -netdev: key=value if text is set, or JSON. Old says that QEMU has
// it among its option groups, too.
func (w Written) Netdev(o *qjson.Object, text bool) (args *qjson.Object, old bool, err error) {
	kind, _ := o.Get("type")
	switch {
	case !text:
		return o, false, w.Schema.CheckArguments("netdev_add", o)
	case modern[kind]:
		if o, err = config.Nest(o); err != nil {
			return nil, false, err
		}
		args, err = w.Schema.ReadKeyval("netdev_add", o, byteCount)
		return args, false, err
	}
	args, err = w.Schema.ReadOptions("netdev_add", flat(o), byteCount)
	return args, true, err
}

// Object reads -object: key=value in the older syntax if text is set, or JSON.
func (w Written) Object(o *qjson.Object, text bool) (*qjson.Object, error) {
	if !text {
		return o, w.Schema.CheckArguments("object-add", o)
	}
	return w.Schema.ReadOptions("object-add", flat(o), byteCount)
}

// Audiodev reads -audiodev: key=value in the newer syntax if text is set, or JSON.
// Up to 7.2 QEMU's schema did not tell of sound backends.
func (w Written) Audiodev(o *qjson.Object, text bool) (*qjson.Object, error) {
	const told = "query-audiodevs"
	s := w.Schema
	if !s.HasCommand(told) {
		s = Schema(catalog.Default())
	}
	return s.ReadLikeReply(told, o, text, byteCount)
}

// Display reads -display: key=value in the newer syntax if text is set, or JSON.
func (w Written) Display(o *qjson.Object, text bool) (*qjson.Object, error) {
	return w.Schema.ReadLikeReply("query-display-options", o, text, byteCount)
}

// NUMA reads -numa, which has the older syntax alone.
func (w Written) NUMA(o *qjson.Object) (*qjson.Object, error) {
	return w.Schema.ReadOptions("set-numa-node", flat(o), byteCount)
}

// flat lists options one by one, those with several values several times.
func flat(o *qjson.Object) []schema.Option {
	var list []schema.Option
	for name, v := range o.All() {
		switch v := v.(type) {
		case string:
			list = append(list, schema.Option{Name: name, Value: v})
		case []any:
			for _, item := range v {
				text, _ := item.(string)
				list = append(list, schema.Option{Name: name, Value: text})
			}
		}
	}
	return list
}
