package hmp

import (
	"cmp"
	"os"
	"path"
	"slices"
	"strings"
)

// completer collects candidates for the last word of a line.
type completer struct {
	h     *Human
	list  []string
	typed int // bytes of them that are on the line
}

// complete answers the candidates for the word that text ends with, sorted,
// and how much of them has been typed. The machine's lock is held.
func (h *Human) complete(text string) ([]string, int) {
	words, err := splitWords(text)
	if err != nil {
		return nil, 0
	}
	if len(words) == 0 || strings.IndexByte(spaces, text[len(text)-1]) >= 0 {
		words = append(words, "")
	}
	c := &completer{h: h}
	c.commands(h.table(), words)
	slices.Sort(c.list)
	return slices.Compact(c.list), c.typed
}

// commands completes a command of a table, or its arguments.
func (c *completer) commands(t *table, words []string) {
	if len(words) == 1 {
		for name, cmd := range t.byName {
			if c.h.offers(cmd) {
				c.propose(name, words[0])
			}
		}
		return
	}
	cmd := c.h.find(t, words[0])
	switch {
	case cmd == nil:
	case cmd.sub != nil:
		c.commands(cmd.sub, words[1:])
	case cmd.complete != nil:
		cmd.complete(c, words)
	default:
		c.byKind(cmd.args, words)
	}
}

// byKind completes an argument by its kind: files and drives. As in QEMU a flag
// counts as an argument whether it was typed or not, and what follows the last one
// is taken for another of it.
func (c *completer) byKind(args string, words []string) {
	described := strings.Split(args, ",")
	i := min(len(words)-2, len(described)-1)
	for ; i < len(described); i++ {
		_, kind, _ := strings.Cut(described[i], ":")
		switch typed := words[len(words)-1]; {
		case strings.HasPrefix(kind, "-"):
			continue
		case strings.HasPrefix(kind, "F"):
			c.files(typed)
		case strings.HasPrefix(kind, "B"):
			c.drives(typed)
		}
		return
	}
}

// files proposes what is in the folder that a path leads to.
func (c *completer) files(typed string) {
	folder, _ := path.Split(typed)
	list, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return
	}
	for _, e := range list {
		name := folder + e.Name()
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name += "/"
		}
		c.propose(name, typed)
	}
}

// drives proposes drives.
func (c *completer) drives(typed string) {
	for _, b := range c.h.m.Blocks.Query() {
		if b.Device != "" {
			c.propose(b.Device, typed)
		}
	}
}

// propose adds a candidate if it begins with what was typed.
func (c *completer) propose(name, typed string) {
	if strings.HasPrefix(name, typed) {
		c.list, c.typed = append(c.list, name), len(typed)
	}
}
