package hmp

import "strings"

func helpRows() []*command {
	return []*command{{
		names: "help|?", args: "name:S?", params: "[cmd]", help: "list commands, or describe one",
		run: func(r *run) error {
			if words, err := splitWords(r.args.text("name")); err == nil {
				r.helpFor(words)
			}
			return nil
		},
		complete: func(c *completer, words []string) { c.commands(c.h.table(), words[1:]) },
	}}
}

// helpFor describes the command that words name, or lists the table they lead
// to.
func (r *run) helpFor(words []string) {
	t, prefix := r.h.table(), ""
	for i, w := range words {
		c := r.h.find(t, w)
		if c == nil {
			r.printf("unknown command: '%s'\n", strings.Join(words[:i+1], " "))
			return
		}
		if c.sub == nil {
			r.describe(prefix, c)
			return
		}
		t, prefix = c.sub, prefix+w+" "
	}
	for _, c := range t.rows {
		if r.h.offers(c) {
			r.describe(prefix, c)
		}
	}
}

func (r *run) describe(prefix string, c *command) {
	r.printf("%s%s %s -- %s\n", prefix, c.names, c.params, c.help)
}
