package commands

import (
	"errors"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/tpm"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// queries registers the questions about parts that a machine may have, answered
// from the tree.
func (c *Commands) queries() {
	qmp.Register(c.set, "query-iothreads", 0, c.queryIOThreads)
	qmp.Register(c.set, "query-audiodevs", 0, c.queryAudiodevs)
	qmp.Register(c.set, "query-cryptodev", 0, c.queryCryptodev)
	qmp.Register(c.set, "query-vm-generation-id", 0, c.queryGeneration)
	qmp.Register(c.set, "query-tpm", 0, c.queryTPM)
	qmp.Register(c.set, "query-tpm-models", 0, c.queryTPMModels)
	qmp.Register(c.set, "query-tpm-types", 0, c.queryTPMTypes)
	qmp.Register(c.set, "query-pr-managers", 0, c.queryPRManagers)
	qmp.Register(c.set, "x-query-usb", 0, c.queryUSB)
	c.absent()
}

// objects lists the user-created objects of a type, in QEMU's order.
func (c *Commands) objects(typ string) []*qom.Object {
	var list []*qom.Object
	for _, o := range c.m.Objects().ListedChildren() {
		if o.Is(typ) {
			list = append(list, o)
		}
	}
	return list
}

// find lists the objects of a type anywhere in the tree, in its order.
func (c *Commands) find(typ string) []*qom.Object {
	var list []*qom.Object
	c.m.Tree().Root().Walk(func(o *qom.Object) bool {
		if o.Is(typ) {
			list = append(list, o)
		}
		return true
	})
	return list
}

type ioThreadInfo struct {
	ID       string `json:"id"`
	ThreadID int    `json:"thread-id"`
	Max      any    `json:"poll-max-ns"`
	Grow     any    `json:"poll-grow"`
	Shrink   any    `json:"poll-shrink"`
	Weight   any    `json:"poll-weight"`
	Batch    any    `json:"aio-max-batch"`
}

func (c *Commands) queryIOThreads(*qmp.Call, none) ([]ioThreadInfo, error) {
	list := []ioThreadInfo{}
	for _, o := range slices.Backward(c.objects("iothread")) { // the one list that QEMU does not turn around
		get := func(name string) any { v, _ := o.Get(name); return v }
		list = append(list, ioThreadInfo{
			ID: o.Name(), ThreadID: o.Self().(*object.IOThread).ThreadID(), Max: get("poll-max-ns"), Grow: get("poll-grow"),
			Shrink: get("poll-shrink"), Weight: get("poll-weight"), Batch: get("aio-max-batch"),
		})
	}
	return list, nil
}

// queryAudiodevs lists the sound backends, the newest first.
func (c *Commands) queryAudiodevs(*qmp.Call, none) ([]*qjson.Object, error) {
	list := slices.Clone(c.m.Audio())
	slices.Reverse(list)
	return append([]*qjson.Object{}, list...), nil
}

type cryptodevInfo struct {
	ID      string            `json:"id"`
	Service []string          `json:"service"`
	Client  []cryptodevClient `json:"client"`
}

type cryptodevClient struct {
	Queue uint32 `json:"queue"`
	Type  string `json:"type"`
}

// cryptoServices are what the kinds of backends do.
var cryptoServices = map[string][]string{
	"builtin": {"mac", "hash", "cipher"},
	"lkcf":    {"akcipher"},
}

func (c *Commands) queryCryptodev(*qmp.Call, none) ([]cryptodevInfo, error) {
	list := []cryptodevInfo{}
	for _, o := range c.objects("cryptodev-backend") {
		kind := strings.TrimPrefix(o.TypeName(), "cryptodev-backend-")
		list = append(list, cryptodevInfo{
			ID: o.Name(), Service: cryptoServices[kind], Client: []cryptodevClient{{Type: kind}},
		})
	}
	return list, nil
}

type guidInfo struct {
	GUID any `json:"guid"`
}

func (c *Commands) queryGeneration(*qmp.Call, none) (guidInfo, error) {
	for _, o := range c.find("vmgenid") {
		guid, err := o.Get("guid")
		return guidInfo{guid}, err
	}
	return guidInfo{}, errors.New("VM Generation ID device not found")
}

func (c *Commands) queryTPM(*qmp.Call, none) ([]tpm.Info, error) { return c.m.TPM.Query(), nil }

// queryTPMModels lists the types that are TPM devices.
func (c *Commands) queryTPMModels(*qmp.Call, none) ([]string, error) {
	return c.concrete("tpm-if"), nil
}

// queryTPMTypes lists the kinds of backends that the QEMU version has.
func (c *Commands) queryTPMTypes(*qmp.Call, none) ([]string, error) {
	list := c.concrete("tpm-backend")
	for i, name := range list {
		list[i] = strings.TrimPrefix(name, "tpm-")
	}
	slices.Reverse(list) // TpmType of the schema names them so
	return list, nil
}

// concrete lists the types below or with another that can be made, by name.
func (c *Commands) concrete(ancestor string) []string {
	cat, list := c.m.Options().Catalog, []string{}
	for name := range cat.Types() {
		if !cat.Implements(name, ancestor) {
			continue
		}
		if f, _ := cat.Type(name); !f.Abstract && !f.IsInterface {
			list = append(list, name)
		}
	}
	return list
}

type prManagerInfo struct {
	ID        string `json:"id"`
	Connected bool   `json:"connected"`
}

// queryPRManagers tells of helpers for persistent reservations; nobody talks to
// them.
func (c *Commands) queryPRManagers(*qmp.Call, none) ([]prManagerInfo, error) {
	list := []prManagerInfo{}
	for _, o := range c.objects("pr-manager") {
		list = append(list, prManagerInfo{ID: o.Name()})
	}
	return list, nil
}

// humanText is QEMU's HumanReadableText.
type humanText struct {
	Text string `json:"human-readable-text"`
}

func (c *Commands) queryUSB(*qmp.Call, none) (humanText, error) {
	if len(c.find("usb-bus")) == 0 {
		return humanText{}, errors.New("USB support not enabled")
	}
	text, err := usb.Info(c.m.Env())
	return humanText{text}, err
}
