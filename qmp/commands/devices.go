package commands

import (
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

func (c *Commands) deviceAdd(_ *qmp.Call, args *qjson.Object) (any, error) {
	r, err := qdev.NewRequest(args, false)
	if err != nil {
		return nil, err
	}
	_, err = qdev.Add(c.m.Env(), r)
	return nil, wireError(err)
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
