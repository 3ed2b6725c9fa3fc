package commands

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
)

// chardevs registers the commands of qapi/char.json, and qapi/yank.json.
func (c *Commands) chardevs() {
	qmp.Register(c.set, "query-chardev", 0, c.queryChardev)
	qmp.Register(c.set, "query-chardev-backends", 0, c.queryChardevBackends)
	qmp.Register(c.set, "chardev-add", 0, c.chardevAdd)
	qmp.Register(c.set, "chardev-change", 0, c.chardevChange)
	qmp.Register(c.set, "chardev-remove", 0, c.chardevRemove)
	qmp.Register(c.set, "chardev-send-break", 0, c.chardevSendBreak)
	qmp.Register(c.set, "ringbuf-write", 0, c.ringbufWrite)
	qmp.Register(c.set, "ringbuf-read", 0, c.ringbufRead)
	qmp.Register(c.set, "query-yank", qmp.AllowOOB, c.queryYank)
	qmp.Register(c.set, "yank", qmp.AllowOOB, c.yank)
}

type chardevInfo struct {
	Label        string `json:"label"`
	Filename     string `json:"filename"`
	FrontendOpen bool   `json:"frontend-open"`
}

func (c *Commands) queryChardev(*qmp.Call, none) ([]chardevInfo, error) {
	list := []chardevInfo{}
	for _, dev := range c.m.Characters.List() {
		list = append(list, chardevInfo{dev.Label(), dev.Filename(), dev.FrontendOpen()})
	}
	return list, nil
}

type backendInfo struct {
	Name string `json:"name"`
}

func (c *Commands) queryChardevBackends(*qmp.Call, none) ([]backendInfo, error) {
	list := []backendInfo{}
	for _, name := range chardev.Kinds() {
		list = append(list, backendInfo{name})
	}
	return list, nil
}

type chardevAddArgs struct {
	ID      string         `json:"id"`
	Backend chardevBackend `json:"backend"`
}

// chardevReturn is QEMU's ChardevReturn.
type chardevReturn struct {
	PTY string `json:"pty,omitempty"`
}

func returnOf(dev *chardev.Chardev) chardevReturn {
	if p, ok := dev.Backend().(*chardev.PTY); ok {
		return chardevReturn{p.Slave()}
	}
	return chardevReturn{}
}

func (c *Commands) chardevAdd(call *qmp.Call, a chardevAddArgs) (chardevReturn, error) {
	set := c.m.Characters
	return withBackend(call, set, a.Backend.options(), func(chardev.Options) error { return set.MayAdd(a.ID) },
		func(o chardev.Options, open chardev.Opener) (*chardev.Chardev, error) {
			return set.CreateOn(a.ID, o, open)
		})
}

func (c *Commands) chardevChange(call *qmp.Call, a chardevAddArgs) (chardevReturn, error) {
	set := c.m.Characters
	return withBackend(call, set, a.Backend.options(), func(o chardev.Options) error { return set.MayChange(a.ID, o) },
		func(o chardev.Options, open chardev.Opener) (*chardev.Chardev, error) {
			return set.ChangeOn(a.ID, o, open)
		})
}

// withBackend makes a device with use. A backend that has to wait for somebody does
// so without the machine's lock, if may does not object.
func withBackend(call *qmp.Call, set *chardev.Set, o chardev.Options, may func(chardev.Options) error,
	use func(chardev.Options, chardev.Opener) (*chardev.Chardev, error)) (chardevReturn, error) {
	make := func(open chardev.Opener) (chardevReturn, error) {
		dev, err := use(o, open)
		if err != nil {
			return chardevReturn{}, err
		}
		return returnOf(dev), nil
	}
	if !o.Waits() || may(o) != nil {
		return make(set.Opener(o))
	}
	var b chardev.Backend
	o, err := set.Prepare(o)
	if err != nil {
		return make(func() (chardev.Backend, error) { return nil, err })
	}
	return qmp.Aside(call, func(ctx context.Context) { b, err = set.Open(ctx, o) }, func() (chardevReturn, error) {
		used := false
		defer func() {
			if b != nil && !used { // the id was taken meanwhile
				b.Close()
			}
		}()
		return make(func() (chardev.Backend, error) {
			used = true
			return b, err
		})
	})
}

func (c *Commands) chardevRemove(_ *qmp.Call, a idArgs) (none, error) {
	return none{}, c.m.Characters.Remove(a.ID)
}

func (c *Commands) chardevSendBreak(_ *qmp.Call, a idArgs) (none, error) {
	dev := c.m.Characters.Find(a.ID)
	if dev == nil {
		return none{}, fmt.Errorf("Chardev '%s' not found", a.ID)
	}
	dev.SendBreak()
	return none{}, nil
}

// ringbuf finds the buffer of a device.
func (c *Commands) ringbuf(id string) (*chardev.RingBuf, error) {
	dev := c.m.Characters.Find(id)
	if dev == nil {
		return nil, fmt.Errorf("Device '%s' not found", id)
	}
	r, ok := dev.Backend().(*chardev.RingBuf)
	if !ok {
		return nil, fmt.Errorf("%s is not a ringbuf device", id)
	}
	return r, nil
}

type ringbufWriteArgs struct {
	Device string `json:"device"`
	Data   string `json:"data"`
	Format string `json:"format"`
}

func (c *Commands) ringbufWrite(_ *qmp.Call, a ringbufWriteArgs) (none, error) {
	r, err := c.ringbuf(a.Device)
	if err != nil {
		return none{}, err
	}
	data := []byte(a.Data)
	if a.Format == "base64" {
		if data, err = base64.StdEncoding.DecodeString(a.Data); err != nil {
			return none{}, errors.New("Base64 data contains invalid characters")
		}
	}
	r.Write(data)
	return none{}, nil
}

type ringbufReadArgs struct {
	Device string `json:"device"`
	Size   int64  `json:"size"`
	Format string `json:"format"`
}

func (c *Commands) ringbufRead(_ *qmp.Call, a ringbufReadArgs) (string, error) {
	r, err := c.ringbuf(a.Device)
	if err != nil {
		return "", err
	}
	if a.Size <= 0 {
		return "", errors.New("size must be greater than zero")
	}
	data := r.Take(int(min(a.Size, int64(r.Len()))))
	if a.Format == "base64" {
		return base64.StdEncoding.EncodeToString(data), nil
	}
	return replaceInvalid(string(data)), nil
}

// replaceInvalid puts U+FFFD in the place of each byte that belongs to no
// character: the buffer holds bytes, and JSON characters.
func replaceInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}

// yankInstance is QEMU's YankInstance: here always a character device.
type yankInstance struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
}

func (c *Commands) queryYank(*qmp.Call, none) ([]yankInstance, error) {
	list := []yankInstance{}
	for _, id := range c.m.Yanks.IDs() {
		list = append(list, yankInstance{"chardev", id})
	}
	if c.m.Migration.Yankable() {
		list = append(list, yankInstance{Type: "migration"})
	}
	return list, nil
}

type yankArgs struct {
	Instances []yankInstance `json:"instances"`
}

func (c *Commands) yank(_ *qmp.Call, a yankArgs) (none, error) {
	ids, migration := []string{}, false
	for _, i := range a.Instances {
		switch {
		case i.Type == "chardev":
			ids = append(ids, i.ID)
		case i.Type == "migration" && c.m.Migration.Yankable():
			migration = true
		default:
			return none{}, qmp.Errorf(qmp.DeviceNotFound, "%s", chardev.ErrNoInstance.Error())
		}
	}
	if err := c.m.Yanks.Cut(ids); err != nil {
		return none{}, qmp.Errorf(qmp.DeviceNotFound, "%s", err.Error())
	}
	if migration {
		c.m.Migration.Yank()
	}
	return none{}, nil
}
