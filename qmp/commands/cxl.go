package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/cxl"
	"github.com/qomd/qomd/qmp"
)

// cxl registers qapi/cxl.json, on the memory expanders of type cxl-type3.
func (c *Commands) cxl() {
	qmp.Register(c.set, "cxl-inject-poison", 0, c.injectPoison)
	qmp.Register(c.set, "cxl-inject-uncorrectable-errors", 0, c.injectUncorrectable)
	qmp.Register(c.set, "cxl-inject-correctable-error", 0, c.injectCorrectable)
	qmp.Register(c.set, "cxl-inject-general-media-event", 0, c.injectGeneralMedia)
	qmp.Register(c.set, "cxl-inject-dram-event", 0, c.injectDRAM)
	qmp.Register(c.set, "cxl-inject-memory-module-event", 0, c.injectModule)
	qmp.Register(c.set, "cxl-add-dynamic-capacity", qmp.Unstable, c.addCapacity)
	qmp.Register(c.set, "cxl-release-dynamic-capacity", qmp.Unstable, c.releaseCapacity)
}

// toExpander does something to the memory expander at a path; there is nothing to
// answer.
func (c *Commands) toExpander(path string, do func(*cxl.Type3) error) (none, error) {
	o, _ := c.m.Tree().Resolve(path, "")
	if o == nil {
		return none{}, errors.New("Unable to resolve path")
	}
	if t := cxl.From(o); t != nil && t.Realized() {
		return none{}, do(t)
	}
	return none{}, errors.New("Path does not point to a CXL type 3 device")
}

type poisonArgs struct {
	Path   string `json:"path"`
	Start  uint64 `json:"start"`
	Length uint64 `json:"length"`
}

func (c *Commands) injectPoison(_ *qmp.Call, a poisonArgs) (none, error) {
	if err := cxl.CheckPoison(a.Start, a.Length); err != nil {
		return none{}, err
	}
	return c.toExpander(a.Path, func(t *cxl.Type3) error { return t.InjectPoison(a.Start, a.Length) })
}

type uncorrectableArgs struct {
	Path   string `json:"path"`
	Errors []struct {
		Type   string   `json:"type"`
		Header []uint32 `json:"header"`
	} `json:"errors"`
}

func (c *Commands) injectUncorrectable(_ *qmp.Call, a uncorrectableArgs) (none, error) {
	var list []cxl.LinkError
	for _, e := range a.Errors {
		list = append(list, cxl.LinkError{Bit: cxl.UncorrectableErrors[e.Type], Header: e.Header})
	}
	return c.toExpander(a.Path, func(t *cxl.Type3) error { t.InjectUncorrectable(list); return nil })
}

type correctableArgs struct {
	Path string `json:"path"`
	Type string `json:"type"`
}

func (c *Commands) injectCorrectable(_ *qmp.Call, a correctableArgs) (none, error) {
	return c.toExpander(a.Path, func(t *cxl.Type3) error { t.InjectCorrectable(cxl.CorrectableErrors[a.Type]); return nil })
}

// eventArgs is QEMU's CXLCommonEventBase, with what else all events have.
type eventArgs struct {
	Path             string  `json:"path"`
	Log              string  `json:"log"`
	Flags            uint32  `json:"flags"`
	MaintenanceClass *uint8  `json:"maint-op-class"`
	MaintenanceSub   *uint8  `json:"maint-op-subclass"`
	LogicalDevice    *uint16 `json:"ld-id"`
	Head             *uint8  `json:"head-id"`
	Component        *string `json:"component-id"`
	ComponentIsPLDM  bool    `json:"is-comp-id-pldm"`
	SubType          uint8   `json:"sub-type"`
}

func (a *eventArgs) head() cxl.EventHead {
	return cxl.EventHead{
		Flags: a.Flags, MaintenanceClass: a.MaintenanceClass, MaintenanceSub: a.MaintenanceSub, LogicalDevice: a.LogicalDevice,
		Head: a.Head, Component: a.Component, ComponentIsPLDM: a.ComponentIsPLDM, SubType: a.SubType,
	}
}

// eventLogs are the logs by their names.
var eventLogs = map[string]int{
	"informational": cxl.LogInformational, "warning": cxl.LogWarning, "failure": cxl.LogFailure, "fatal": cxl.LogFatal,
}

// record puts an event into the log of the device that the arguments name.
func (c *Commands) record(a *eventArgs, e cxl.Event) (none, error) {
	return c.toExpander(a.Path, func(t *cxl.Type3) error { t.Record(eventLogs[a.Log], e); return nil })
}

// mediaArgs is what events of the memory itself share.
type mediaArgs struct {
	eventArgs
	DPA         uint64 `json:"dpa"`
	Descriptor  uint8  `json:"descriptor"`
	Type        uint8  `json:"type"`
	Transaction uint8  `json:"transaction-type"`
	Channel     *uint8 `json:"channel"`
	Rank        *uint8 `json:"rank"`
	Corrected   *uint8 `json:"cme-ev-flags"`
}

func (a *mediaArgs) media(count *uint32) cxl.MediaEvent {
	return cxl.MediaEvent{
		EventHead: a.head(), DPA: a.DPA, Descriptor: a.Descriptor, Type: a.Type, Transaction: a.Transaction,
		Channel: a.Channel, Rank: a.Rank, CorrectedME: a.Corrected, Count: count,
	}
}

type generalMediaArgs struct {
	mediaArgs
	Device *uint32 `json:"device"`
	Count  *uint32 `json:"cme-count"`
}

func (c *Commands) injectGeneralMedia(_ *qmp.Call, a generalMediaArgs) (none, error) {
	return c.record(&a.eventArgs, &cxl.GeneralMediaEvent{MediaEvent: a.media(a.Count), Device: a.Device})
}

type dramArgs struct {
	mediaArgs
	NibbleMask *uint32  `json:"nibble-mask"`
	BankGroup  *uint8   `json:"bank-group"`
	Bank       *uint8   `json:"bank"`
	Row        *uint32  `json:"row"`
	Column     *uint16  `json:"column"`
	Correction []uint64 `json:"correction-mask"`
	SubChannel *uint8   `json:"sub-channel"`
	Count      *uint32  `json:"cvme-count"`
}

func (c *Commands) injectDRAM(_ *qmp.Call, a dramArgs) (none, error) {
	return c.record(&a.eventArgs, &cxl.DRAMEvent{
		MediaEvent: a.media(a.Count), NibbleMask: a.NibbleMask, BankGroup: a.BankGroup, Bank: a.Bank, Row: a.Row,
		Column: a.Column, Correction: a.Correction, SubChannel: a.SubChannel,
	})
}

type moduleArgs struct {
	eventArgs
	Type           uint8  `json:"type"`
	Health         uint8  `json:"health-status"`
	Media          uint8  `json:"media-status"`
	Additional     uint8  `json:"additional-status"`
	LifeUsed       uint8  `json:"life-used"`
	Temperature    int16  `json:"temperature"`
	DirtyShutdowns uint32 `json:"dirty-shutdown-count"`
	Volatile       uint32 `json:"corrected-volatile-error-count"`
	Persistent     uint32 `json:"corrected-persistent-error-count"`
}

func (c *Commands) injectModule(_ *qmp.Call, a moduleArgs) (none, error) {
	return c.record(&a.eventArgs, &cxl.ModuleEvent{
		EventHead: a.head(), Type: a.Type, Health: a.Health, Media: a.Media, Additional: a.Additional, LifeUsed: a.LifeUsed,
		Temperature: a.Temperature, DirtyShutdowns: a.DirtyShutdowns, Volatile: a.Volatile, Persistent: a.Persistent,
	})
}

// capacityArgs are of capacity that comes or goes. Host and tag have no effect, as
// in QEMU.
type capacityArgs struct {
	Path    string `json:"path"`
	Select  string `json:"selection-policy"`
	Remove  string `json:"removal-policy"`
	Forced  bool   `json:"forced-removal"`
	Region  uint8  `json:"region"`
	Extents []struct {
		Offset uint64 `json:"offset"`
		Length uint64 `json:"len"`
	} `json:"extents"`
}

// prescriptive is the policy by which whoever asks says which extents.
const prescriptive = "prescriptive"

func (c *Commands) addCapacity(_ *qmp.Call, a capacityArgs) (none, error) {
	if a.Select != prescriptive {
		return none{}, errors.New("Selection policy not supported")
	}
	return none{}, c.changeCapacity(&a, false)
}

func (c *Commands) releaseCapacity(_ *qmp.Call, a capacityArgs) (none, error) {
	switch {
	case a.Forced:
		return none{}, errors.New("Forced removal not supported yet")
	case a.Remove != prescriptive:
		return none{}, errors.New("Removal policy not supported")
	}
	return none{}, c.changeCapacity(&a, true)
}

func (c *Commands) changeCapacity(a *capacityArgs, release bool) error {
	o, _ := c.m.Tree().Resolve(a.Path, "cxl-type3")
	if o == nil || cxl.From(o) == nil || !cxl.From(o).Realized() {
		return errors.New("Unable to resolve CXL type 3 device")
	}
	change := cxl.CapacityChange{Release: release, Region: a.Region}
	for _, x := range a.Extents {
		change.Extents = append(change.Extents, cxl.Span{Offset: x.Offset, Length: x.Length})
	}
	return cxl.From(o).OfferCapacity(change)
}
