package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// devices registers qapi/qdev.json and qapi/pci.json.
func (c *Commands) devices() {
	qmp.RegisterRaw(c.set, "device_add", 0, c.deviceAdd)
	qmp.Register(c.set, "device_del", 0, c.deviceDel)
	qmp.Register(c.set, "device-sync-config", 0, c.deviceSyncConfig)
	qmp.Register(c.set, "query-pci", 0, c.queryPCI)
}

func (c *Commands) deviceAdd(call *qmp.Call, args *qjson.Object) (any, error) {
	text := c.m.Env().Ways.TextDevices
	if text {
		args = asText(args)
		if id, ok := args.Get("id"); ok && !qdev.ValidID(id.(string)) {
			return nil, errors.New("Parameter 'id' expects an identifier")
		}
	}
	r, err := qdev.NewRequest(args, text)
	if err != nil {
		return nil, err
	}
	add := func() (any, error) {
		_, err := qdev.Add(c.m.Env(), r)
		return none{}, wireError(err)
	}
	g := c.m.MeetBackEnd(r)
	if g == nil {
		return add()
	}
	return qmp.Aside(call, g.Wait, func() (any, error) {
		defer g.End()()
		return add()
	})
}

// asText writes arguments as options of a command line, which they were up to
// QEMU 9.1. What no option can be is left out.
func asText(args *qjson.Object) *qjson.Object {
	o := qjson.NewObject()
	for name, v := range args.All() {
		switch v := v.(type) {
		case string:
			o.Set(name, v)
		case bool:
			o.Set(name, map[bool]string{true: "on", false: "off"}[v])
		case int64, uint64, float64:
			o.Set(name, string(qjson.Append(nil, v, false)))
		}
	}
	return o
}

func (c *Commands) deviceDel(_ *qmp.Call, a idArgs) (none, error) {
	return none{}, wireError(qdev.Del(c.m.Env(), a.ID))
}

// deviceSyncConfig answers with generic errors only.
func (c *Commands) deviceSyncConfig(_ *qmp.Call, a idArgs) (none, error) {
	d, err := qdev.Find(c.m.Env(), a.ID)
	if err != nil {
		return none{}, err
	}
	return none{}, qdev.SyncConfig(d)
}

func (c *Commands) queryPCI(*qmp.Call, none) ([]pci.Info, error) {
	return pci.Query(c.m.PCIRoots()), nil
}
