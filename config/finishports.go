package config

import (
	"fmt"
	"strconv"
	"strings"
)

// finishPorts gives -serial, -parallel and -qtest their chardevs.
func (b *builder) finishPorts() error {
	var err error
	if b.m.Serials, err = b.ports(b.serials, "serial"); err != nil {
		return err
	}
	if b.m.Parallels, err = b.ports(b.parallels, "parallel"); err != nil {
		return err
	}
	for _, a := range b.qtests {
		if id, existing := strings.CutPrefix(a.value, "chardev:"); existing && b.m.chardev(id) != nil {
			b.m.QTest = id
			continue
		}
		b.m.QTest = "qtest"
		err := b.chardevWord("qtest", a)
		if err == nil {
			list := b.groups["chardev"].list
			err = b.addChardev(list[len(list)-1])
		}
		if err != nil {
			return wordErrors(Origin{}, err, fmt.Errorf("Failed to initialize device for qtest: \"%s\"", a.value))
		}
	}
	return nil
}

// ports makes the chardevs of one kind of port.
func (b *builder) ports(words []argument, kind string) ([]string, error) {
	var ids []string
	for i, a := range words {
		if a.value == "none" {
			ids = append(ids, "none")
			continue
		}
		id, existing := strings.CutPrefix(a.value, "chardev:")
		failed := fmt.Errorf("could not connect %s device to character backend '%s'", kind, a.value)
		if existing {
			if b.m.chardev(id) == nil {
				return nil, at(a.origin, failed)
			}
			ids = append(ids, id)
			continue
		}
		id = kind + strconv.Itoa(i)
		err := b.chardevWord(id, a)
		if err == nil {
			list := b.groups["chardev"].list
			err = b.addChardev(list[len(list)-1])
		}
		if err != nil {
			return nil, wordErrors(a.origin, err, failed)
		}
		if !b.all { // a command line
			b.m.chardev(id).Unopened = failed.Error()
		}
		ids = append(ids, id)
		// A port that is shared comes with a monitor on the same device.
		if b.m.chardev(id).Mux {
			b.noMonitor = true
			m := Monitor{ID: b.nextMonitor(), Mode: Readline, Chardev: id, Origin: a.origin}
			if err := b.m.addMonitor(m); err != nil {
				return nil, at(a.origin, err)
			}
		}
	}
	return ids, nil
}
