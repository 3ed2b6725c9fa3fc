package lifetime

import (
	"fmt"
	"io"
	"strings"
)

// WriteDot prints storages as a graph in the language of Graphviz: a box for each
// storage with its objects inside, an arrow for each reference, from the holder
// to what it holds.
func WriteDot(w io.Writer, list []Storage) {
	fmt.Fprintln(w, "digraph references {")
	fmt.Fprintln(w, "  rankdir=LR; node [shape=box, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\"];")
	nodes := map[string]string{} // by name of the object
	for i := range list {
		s := &list[i]
		fmt.Fprintf(w, "  subgraph cluster_%d {\n    label=%s;\n", s.Generation, quote(s.caption()))
		for j, o := range s.Objects {
			id := fmt.Sprintf("o%d_%d", s.Generation, j)
			name := s.Path
			if !o.owner(s) {
				name += "/" + o.Name
			}
			nodes[name] = id
			fmt.Fprintf(w, "    %s [label=%s];\n", id, quote(o.title(s)+"\n"+o.Phase))
		}
		fmt.Fprintln(w, "  }")
	}
	holders := 0
	for i := range list {
		s := &list[i]
		for j, o := range s.Objects {
			for _, r := range o.References {
				from := nodes[r.From]
				if from == "" {
					from = fmt.Sprintf("h%d", holders)
					holders++
					fmt.Fprintf(w, "  %s [shape=ellipse, label=%s];\n", from, quote(r.Holder))
					if r.From != "" {
						nodes[r.From] = from
					}
				}
				label := r.Kind
				if r.Count != 1 {
					label += fmt.Sprintf(" x%d", r.Count)
				}
				if r.Age > 0 {
					label += "\n" + Age(r.Age)
				}
				fmt.Fprintf(w, "  %s -> o%d_%d [label=%s];\n", from, s.Generation, j, quote(label))
			}
		}
	}
	fmt.Fprintln(w, "}")
}

// caption is the title of a storage's box.
func (s *Storage) caption() string {
	text := s.Title()
	if s.Age > 0 {
		text += "\nunplugged " + Age(s.Age) + " ago"
	}
	if s.Cycle {
		text += "\nwill never be freed"
	}
	return text
}

// quote makes a string of the language; its line ends are written \n.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
