package hmp

import (
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// lifetimeTopics are the topics of "info" that only qomd has.
func lifetimeTopics() []*command {
	return []*command{{
		names: "refs", args: "path:s?", params: "[path]", qmp: "x-query-draining",
		help: "who holds an object; without a path what still drains after it was unplugged",
		run: func(r *run) error {
			if r.has("path") {
				return infoReferences(r)
			}
			return infoDraining(r)
		},
	}}
}

func infoReferences(r *run) error {
	list, err := r.list("x-query-references", qjson.Member{Name: "path", Value: r.args.text("path")})
	r.references("", list)
	return err
}

// references prints holders, a line each.
func (r *run) references(indent string, list []*qjson.Object) {
	for _, h := range list {
		r.printf("%s%s %s", indent, text(h, "kind"), text(h, "holder"))
		if n := number(h, "count"); n != 1 {
			r.printf(" x%d", n)
		}
		if age := number(h, "age"); age > 0 {
			r.printf(", for %s", micros(age))
		}
		r.printf("\n")
	}
}

// micros prints a number of microseconds.
func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func infoDraining(r *run) error {
	list, err := r.list("x-query-draining")
	if err != nil {
		return err
	}
	for _, s := range list {
		r.printf("%s (%s #%d), draining for %s, %d storage references\n", text(s, "path"), text(s, "type"),
			number(s, "generation"), micros(number(s, "age")), number(s, "storage-references"))
		members, _ := s.Get("objects")
		for _, o := range objects(members) {
			r.printf("  %s (%s) %s\n", text(o, "name"), text(o, "type"), text(o, "phase"))
			holders, _ := o.Get("references")
			r.references("    ", objects(holders))
		}
	}
	return nil
}
