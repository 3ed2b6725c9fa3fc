package hmp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// inputRows are the commands that play the user at keyboard, mouse and screen.
func inputRows() []*command {
	return []*command{
		{names: "sendkey", args: "keys:s,hold-time:i?", params: "keys [hold_ms]", qmp: "send-key",
			help: "press keys, such as ctrl-alt-f1, for as many milliseconds (100)", run: sendKey, complete: completeKey},
		{names: "mouse_move", args: "dx_str:s,dy_str:s,dz_str:s?", params: "dx dy [dz]", qmp: "input-send-event",
			help: "move the mouse, and turn its wheel", run: mouseMove},
		{names: "mouse_button", args: "button_state:i", params: "state", qmp: "input-send-event",
			help: "press and release buttons: 1 is the left, 2 the right, 4 the middle one", run: mouseButton},
		{names: "mouse_set", args: "index:i", params: "index", help: "say by its number which mouse is in use",
			run: func(r *run) error { return r.h.m.Env().Input.Choose(int(r.args.number("index"))) }},
		{names: "screendump", args: "filename:F,format:-fs,device:s?,head:i?", params: "filename [-f format] [device [head]]",
			qmp: "screendump", help: "save what a screen shows", run: screenDump},
	}
}

// keyNames lists the keys that have names.
func (h *Human) keyNames() []string { return h.schema.Choices("send-key", "keys", "qcode", "data") }

// keys reads names of keys with '-' between them; a number stands for a key by
// its code.
func (r *run) keys(text string) ([]any, bool) {
	known := r.h.keyNames()
	list := []any{}
	for _, name := range strings.Split(text, "-") {
		if name == "<" {
			name = "less"
		}
		kind, value := "qcode", any(name)
		if n, err := strconv.ParseInt(name, 0, 32); err == nil && strings.HasPrefix(name, "0x") {
			kind, value = "number", n
		} else if !slices.Contains(known, name) {
			r.printf("invalid parameter: %s\n", name)
			return nil, false
		}
		list = append(list, qjson.NewObject(with("type", kind), with("data", value)))
	}
	return list, true
}

func sendKey(r *run) error {
	keys, ok := r.keys(r.args.text("keys"))
	if !ok {
		return nil
	}
	return r.ask("send-key", append(r.members("hold-time"), with("keys", keys))...)
}

// event is one InputEvent of input-send-event.
func event(kind string, members ...qjson.Member) *qjson.Object {
	return qjson.NewObject(with("type", kind), with("data", qjson.NewObject(members...)))
}

func button(name string, down bool) *qjson.Object {
	return event("btn", with("button", name), with("down", down))
}

func mouseMove(r *run) error {
	events := []any{}
	for _, axis := range []struct{ name, argument string }{{"x", "dx_str"}, {"y", "dy_str"}} {
		events = append(events, event("rel", with("axis", axis.name), with("value", leadingNumber(r.args.text(axis.argument)))))
	}
	r.play(events)
	turn := leadingNumber(r.args.text("dz_str"))
	if turn == 0 {
		return nil
	}
	name := "wheel-up"
	if turn < 0 {
		name = "wheel-down"
	}
	r.play([]any{button(name, true), button(name, false)})
	return nil
}

// play sends events. As in QEMU nobody is told when no device takes them.
func (r *run) play(events []any) { _ = r.ask("input-send-event", with("events", events)) }

// leadingNumber reads as C's strtol does: what is no number is 0.
func leadingNumber(text string) int64 {
	text = strings.TrimSpace(text)
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || n == 0 && (text[n] == '-' || text[n] == '+')) {
		n++
	}
	v, _ := strconv.ParseInt(text[:n], 10, 64)
	return v
}

// mouseButtons are the buttons by their bit in mouse_button's argument.
var mouseButtons = []string{"left", "right", "middle"}

func mouseButton(r *run) error {
	state := r.args.number("button_state")
	events := []any{}
	for i, name := range mouseButtons {
		if bit := int64(1) << i; (state^r.h.buttons)&bit != 0 {
			events = append(events, button(name, state&bit != 0))
		}
	}
	r.h.buttons = state
	if len(events) > 0 {
		r.play(events)
	}
	return nil
}

func screenDump(r *run) error {
	if r.has("format") {
		if err := r.choice("format", "screendump", "format"); err != nil {
			return err
		}
	}
	return r.ask("screendump", r.members("filename", "format", "device", "head")...)
}

// completeKey completes the last key of a combination.
func completeKey(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	typed := words[1]
	if i := strings.LastIndexByte(typed, '-'); i >= 0 {
		typed = typed[i+1:]
	}
	for _, name := range c.h.keyNames() {
		c.propose(name, typed)
	}
}
