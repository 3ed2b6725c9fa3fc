package hmp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/block"
)

// qemuIORows is the command by which people read and write drives. QEMU prints
// what came of it on its own standard output; here it is logged.
func qemuIORows() []*command {
	return []*command{{names: "qemu-io", args: "qdev:-d,device:B,command:s", params: `[-d] [device] "[command]"`, qmp: "blockdev-add",
		help: "read, write, discard or flush what is in a drive, and log what came of it; -d: device is that of a guest",
		run:  qemuIO}}
}

func qemuIO(r *run) error {
	name, command := r.args.text("device"), r.args.text("command")
	o, mistake := parseIO(strings.Fields(command))
	work, err := r.h.m.Blocks.Manual(name, r.args.flag("qdev"), o)
	if err != nil {
		return err
	}
	log := r.h.log().With("device", name, "command", command)
	if mistake != nil {
		log.Warn("qemu-io", "error", mistake)
		return nil
	}
	return r.long(func(locked bool) error {
		if err := work(locked); err != nil {
			log.Warn("qemu-io", "error", err)
		} else {
			log.Info("qemu-io", "bytes", o.Length)
		}
		return nil
	})
}

// ioKinds are the requests that qemu-io knows here, by QEMU's names.
var ioKinds = map[string]string{
	"read": "read", "readv": "read", "aio_read": "read", "r": "read", "rv": "read",
	"write": "write", "writev": "write", "aio_write": "write", "w": "write", "wv": "write",
	"discard": "discard", "d": "discard", "flush": "flush", "f": "flush", "aio_flush": "flush",
}

// parseIO reads a command of qemu-io.
func parseIO(words []string) (o block.ManualIO, err error) {
	if len(words) == 0 || ioKinds[words[0]] == "" {
		return o, fmt.Errorf("command \"%s\" not found", strings.Join(words[:min(len(words), 1)], ""))
	}
	o.Kind, o.Pattern = ioKinds[words[0]], 0xcd
	var numbers []string
	for words = words[1:]; len(words) > 0; words = words[1:] {
		switch w := words[0]; {
		case w == "-P" && len(words) > 1:
			n, err := strconv.ParseUint(words[1], 0, 8)
			if err != nil {
				return o, fmt.Errorf("%s is not a valid pattern byte", words[1])
			}
			o.Pattern, o.Verify, words = byte(n), o.Kind == "read", words[1:]
		case w == "-z" && o.Kind == "write":
			o.Kind = "zero"
		case strings.HasPrefix(w, "-") && strings.Trim(w[1:], "Cfnquv") == "" && len(w) > 1: // flags that change nothing here
		case strings.HasPrefix(w, "-"):
			return o, fmt.Errorf("option %s is not known", w)
		default:
			numbers = append(numbers, w)
		}
	}
	if o.Kind == "flush" {
		return o, nil
	}
	if len(numbers) != 2 {
		return o, errors.New("an offset and a length are wanted")
	}
	for i, to := range []*int64{&o.Offset, &o.Length} {
		n, err := config.ParseSize(numbers[i], 0)
		if err != nil || int64(n) < 0 {
			return o, fmt.Errorf("non-numeric argument -- %s", numbers[i])
		}
		*to = int64(n)
	}
	return o, nil
}
