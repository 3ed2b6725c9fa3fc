package hmp

import (
	"strings"
	"testing"
)

// typeInto gives an editor keys and returns what the terminal gets; lines are
// answered with nothing but a new prompt.
func typeInto(e *editor, keys string) string {
	e.out.Reset()
	for _, b := range []byte(keys) {
		if _, done := e.input(b); done {
			e.start()
		}
	}
	return e.out.String()
}

// TestEditor types what was typed at a QEMU 11.1.3 and compares what it sent.
func TestEditor(t *testing.T) {
	const left, right, clean = "\x1b[D", "\x1b[C", "\x1b[K"
	e := &editor{complete: func(string) ([]string, int) { return nil, 0 }}
	e.start()
	for _, step := range []struct{ keys, want string }{
		{"abc", "a" + clean + left + "ab" + clean + left + left + "abc" + clean},
		{"\x01", left + left + left},
		{"x", "xabc" + clean + left + left + left},
		{"\x05", right + right + right},
		{"\x02", ""}, {"\x06", ""}, {"\x04", ""}, {"\x0b", ""}, {"\x03", ""},
		{"\x7f", left + left + left + left + "xab" + clean},
		{"\x08", left + left + left + "xa" + clean},
		{"\x15", left + left + clean},
		{"a b\x17", "a" + clean + left + "a " + clean + left + left + "a b" + clean + left + left + left + "a " + clean},
		{"\x17", left + left + clean},
		{"zz\n", "z" + clean + left + "zz" + clean + "\r\n" + prompt},
		{"\x10", "zz" + clean}, {"\x10", ""},
		{"\x0e", left + left + clean}, {"\x0e", ""},
		{"\x1b[A", "zz" + clean}, {"\x1b[B", left + left + clean},
		{"\x1b[A", "zz" + clean},
		{"\x1b[1~", left + left}, {"\x1b[4~", right + right},
		{"\x1b[H", ""}, {"\x1b[F", ""}, // F is up, and there is nothing older
		{"\x1bOH", left + left}, {"\x1bOF", right + right},
		{"\x1bOA", ""}, {"\x1b[5~", ""}, {"\x1bb", ""},
		{"\x9bD", left}, {"\x1b[3~", left + "z" + clean},
		{"\x1b[1;5D", left + "z5" + clean + left + left + "z5D" + clean},
		{"\x15\n", left + left + left + clean + "\r\n" + prompt},
		{"\xc3\xa9\n", "\xc3" + clean + left + "\xc3\xa9" + clean + "\r\n" + prompt}, // bytes, not characters
		{"\x0c", "\x1b[2J\x1b[1;1H" + prompt},
	} {
		if got := typeInto(e, step.keys); got != step.want {
			t.Errorf("%q gave %q, want %q", step.keys, got, step.want)
		}
	}
}

// TestHistory: a line that was typed before moves to the end.
func TestHistory(t *testing.T) {
	var h history
	for _, l := range []string{"stop", "info history", "", "stop", "stop"} {
		h.add(l)
	}
	if got := strings.Join(h.lines, ","); got != "info history,stop" {
		t.Errorf("history is %q", got)
	}
	for i := range maxHistory + 10 {
		h.add(strings.Repeat("x", i+1))
	}
	if len(h.lines) != maxHistory {
		t.Errorf("%d lines are remembered", len(h.lines))
	}
}

func TestCompletionLayout(t *testing.T) {
	words := strings.Fields("set_link set_password set_vcpu_dirty_limit")
	e := &editor{complete: func(text string) ([]string, int) { return words, len(text) }}
	e.start()
	typeInto(e, "set")
	want := "\r\nset_link              set_password          set_vcpu_dirty_limit  \r\n(qemu) set_\x1b[K"
	if got := typeInto(e, "\t"); got != want {
		t.Errorf("tab gave %q, want %q", got, want)
	}
	words = []string{"set_link"}
	if got, want := typeInto(e, "\t"), strings.Repeat("\x1b[D", 4)+"set_link \x1b[K"; got != want {
		t.Errorf("tab gave %q, want %q", got, want)
	}
}

// FuzzEditor: whatever is typed, the terminal ends up with the line it is told.
func FuzzEditor(f *testing.F) {
	f.Add([]byte("info status\n\x10\x01x\x1b[C\x7f\t\x17\x15\x0c\x1b[3~"))
	f.Fuzz(func(t *testing.T, keys []byte) {
		e := &editor{complete: func(text string) ([]string, int) { return []string{text + "a", text + "b"}, len(text) }}
		e.start()
		for _, b := range keys {
			if _, done := e.input(b); done {
				e.start()
			}
			if e.cursor < 0 || e.cursor > len(e.line) || len(e.line) > maxLine {
				t.Fatalf("cursor %d in a line of %d", e.cursor, len(e.line))
			}
		}
		if string(e.shown) != string(e.line) || e.shownCursor != e.cursor {
			t.Errorf("the terminal shows %q, cursor %d, the line is %q, cursor %d", e.shown, e.shownCursor, e.line, e.cursor)
		}
	})
}
