package hmp

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/commands"
)

// chardevRows are the commands on character devices.
func chardevRows() []*command {
	return []*command{
		{names: "chardev-add", args: "args:s", params: "args", help: "make a character device; options as -chardev takes them",
			qmp: "chardev-add", run: chardevAdd, complete: completeBackend},
		{names: "chardev-change", args: "id:s,args:s", params: "id args", help: "give a character device another backend",
			qmp: "chardev-change", run: chardevChange},
		{names: "chardev-remove", args: "id:s", params: "id", help: "remove a character device", qmp: "chardev-remove",
			run: forward("chardev-remove", "id"), complete: completeChardev},
		{names: "chardev-send-break", args: "id:s", params: "id", help: "send a break to a character device's front end",
			qmp: "chardev-send-break", run: forward("chardev-send-break", "id"), complete: completeChardev},
		{names: "ringbuf_write", args: "device:s,data:s", params: "device data", help: "write into a ring buffer",
			qmp: "ringbuf-write", run: forward("ringbuf-write", "device", "data"), complete: completeRing},
		{names: "ringbuf_read", args: "device:s,size:i", params: "device size", help: "take what a ring buffer holds",
			qmp: "ringbuf-read", run: ringbufRead, complete: completeRing},
	}
}

// errParsing follows what was wrong with the options of a character device.
var errParsing = errors.New("Parsing chardev args failed")

// chardevOptions reads options; nil when they ask for help, which it has given.
func (r *run) chardevOptions(text string) (*config.ChardevText, error) {
	c, err := config.ParseChardev(r.h.m.Options().Catalog, text)
	if err != nil {
		r.printf("%s\n", err)
		return nil, errParsing
	}
	for _, w := range c.Warnings {
		r.printf("warning: %s\n", w)
	}
	if c.Help {
		return nil, errParsing
	}
	return c, nil
}

// chardevBackend is the backend that options describe, in the words of the command
// line and in those of the devices.
func chardevBackend(c *config.ChardevText) (config.Chardev, chardev.Options, error) {
	described, err := c.Chardev()
	if err != nil {
		return described, chardev.Options{}, err
	}
	o, err := commands.ChardevOptions(described)
	return described, o, err
}

func chardevAdd(r *run) error {
	c, err := r.chardevOptions(r.args.text("args"))
	switch {
	case err != nil:
		return err
	case c.ListBackends:
		return r.listBackends()
	}
	options, o, err := chardevBackend(c)
	if err != nil {
		return err
	}
	set := r.h.m.Characters
	return r.openChardev(o, func(open chardev.Opener) error {
		b, err := open()
		switch {
		case err != nil:
		case options.Mux:
			_, err = set.AddMuxed(options.ID, b, o)
		default:
			_, err = set.Add(options.ID, b, o)
		}
		return err
	})
}

// openChardev hands what opens a backend to use; a backend that has to wait for
// somebody was opened without the lock then.
func (r *run) openChardev(o chardev.Options, use func(chardev.Opener) error) error {
	set := r.h.m.Characters
	if !o.Waits() {
		return use(set.Opener(o))
	}
	o, err := set.Prepare(o)
	if err != nil {
		return err
	}
	var b chardev.Backend
	return r.wait(func(ctx context.Context) { b, err = set.Open(ctx, o) }, func() error {
		used := false
		defer func() {
			if b != nil && !used { // the device is gone
				b.Close()
			}
		}()
		return use(func() (chardev.Backend, error) {
			used = true
			return b, err
		})
	})
}

// listBackends lists the kinds of character devices that can be made.
func (r *run) listBackends() error {
	list, err := r.list("query-chardev-backends")
	if err != nil {
		return err
	}
	r.printf("Available chardev backend types: \n")
	for _, b := range slices.Backward(list) {
		r.printf("  %s\n", text(b, "name"))
	}
	return nil
}

func chardevChange(r *run) error {
	c, err := r.chardevOptions(r.args.text("args"))
	switch {
	case err != nil:
		return err
	case c.HasID:
		return errors.New("Unexpected 'id' parameter")
	}
	c.ID = r.args.text("id")
	options, o, err := chardevBackend(c)
	if err != nil {
		return err
	}
	set := r.h.m.Characters
	if err := set.MayChange(options.ID, o); err != nil {
		return err
	}
	return r.openChardev(o, func(open chardev.Opener) error {
		_, err := set.ChangeOn(options.ID, o, open)
		return err
	})
}

// ringbufRead prints what was read, other control characters than line ends as
// numbers.
func ringbufRead(r *run) error {
	v, err := r.query("ringbuf-read", r.members("device", "size")...)
	if err != nil {
		return err
	}
	data, _ := v.(string)
	for _, c := range data {
		switch {
		case c == '\\':
			r.printf(`\\`)
		case c < ' ' && c != '\n' || c == 0x7f:
			r.printf(`\u%04X`, c)
		default:
			r.printf("%c", c)
		}
	}
	r.printf("\n")
	return nil
}

func completeBackend(c *completer, words []string) {
	if len(words) == 2 {
		for _, kind := range chardev.Kinds() {
			c.propose(kind, words[1])
		}
	}
}

func completeChardev(c *completer, words []string) { c.chardevs(words, "") }

func completeRing(c *completer, words []string) { c.chardevs(words, "ringbuf") }

// chardevs completes the first argument by the ids of character devices whose
// backend is called so, of all when kind is empty.
func (c *completer) chardevs(words []string, kind string) {
	if len(words) != 2 {
		return
	}
	for _, d := range c.h.m.Characters.List() {
		if strings.HasPrefix(d.Filename(), kind) {
			c.propose(d.Label(), words[1])
		}
	}
}
