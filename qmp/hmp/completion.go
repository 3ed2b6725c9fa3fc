package hmp

import (
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
	}
}

// propose adds a candidate if it begins with what was typed.
func (c *completer) propose(name, typed string) {
	if strings.HasPrefix(name, typed) {
		c.list, c.typed = append(c.list, name), len(typed)
	}
}
