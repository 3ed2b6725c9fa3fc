package lifetime

import (
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// Write prints storages for people: what is leaving, who holds it, and for how
// long.
func Write(w io.Writer, list []Storage) {
	for i := range list {
		list[i].write(w)
	}
}

// Title names a storage: "x0 (qemu-xhci #57)".
func (s *Storage) Title() string {
	if s.Path == "" {
		return fmt.Sprintf("%s #%d", s.Type, s.Generation)
	}
	return fmt.Sprintf("%s (%s #%d)", short(s.Path), s.Type, s.Generation)
}

// short leaves away where all devices with an id are.
func short(p string) string { return strings.TrimPrefix(p, "/machine/peripheral/") }

func (s *Storage) write(w io.Writer) {
	fmt.Fprint(w, s.Title())
	if s.Age > 0 {
		fmt.Fprintf(w, ": unplugged %s ago", Age(s.Age))
		if s.Device {
			fmt.Fprint(w, ", DEVICE_DELETED is not sent yet")
		}
	}
	fmt.Fprintln(w)
	if s.Cycle {
		fmt.Fprintln(w, "  held only by itself or others that are leaving: it will never be freed")
	}
	for _, o := range s.Objects {
		if len(o.References) == 0 {
			continue // with the policy aggregate: it stays for the others
		}
		fmt.Fprintf(w, "  %s is held by\n", o.title(s))
		WriteReferences(w, "    ", o.References)
	}
}

// title names an object of a storage.
func (o *Object) title(s *Storage) string {
	if o.Name == "" || o.Name == o.Type || o.owner(s) {
		return o.Type
	}
	return fmt.Sprintf("%s (%s)", o.Name, o.Type)
}

// owner reports whether the object is the one whose storage it is.
func (o *Object) owner(s *Storage) bool { return o.Name == path.Base(s.Path) && o.Type == s.Type }

// WriteReferences prints holders, a line each.
func WriteReferences(w io.Writer, indent string, list []Reference) {
	for _, r := range list {
		fmt.Fprintf(w, "%s%s: %s", indent, r.Kind, r.Holder)
		if r.Count != 1 {
			fmt.Fprintf(w, " (%d times)", r.Count)
		}
		if r.Age > 0 {
			fmt.Fprintf(w, ", %s", Age(r.Age))
		}
		fmt.Fprintln(w)
	}
}

// Holders names who holds what of a storage, in one line for a log.
func (s *Storage) Holders() string {
	var list []string
	for i := range s.Objects {
		o := &s.Objects[i]
		for _, r := range o.References {
			list = append(list, fmt.Sprintf("%s by %s %s", o.title(s), r.Kind, r.Holder))
		}
	}
	return strings.Join(list, "; ")
}

// Age spells a number of microseconds as people count: "350ms", "1.2s", "4m0s",
// "3h12m0s".
func Age(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	switch {
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
