package hmp

import (
	"encoding/json"

	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qmp/qjson"
)

// lifetimeTopics are the topics of "info" that only qomd has.
func lifetimeTopics() []*command {
	return []*command{{
		names: "refs", args: "path:s?", params: "[path]", qmp: "x-query-draining", own: true,
		help: "who holds an object; without a path what still drains after it was unplugged",
		run: func(r *run) error {
			if r.has("path") {
				return infoReferences(r)
			}
			return infoDraining(r)
		},
	}}
}

// decode asks a QMP command and decodes its reply.
func (r *run) decode(into any, name string, args ...qjson.Member) error {
	v, err := r.h.set().Call(r.call, name, qjson.NewObject(args...))
	if err != nil {
		return err
	}
	return json.Unmarshal(qjson.Append(nil, v, false), into)
}

func infoReferences(r *run) error {
	var s lifetime.Storage
	if err := r.decode(&s, "x-query-storage", qjson.Member{Name: "path", Value: r.args.text("path")}); err != nil {
		return err
	}
	lifetime.Write(&r.out, []lifetime.Storage{s})
	return nil
}

func infoDraining(r *run) error {
	var list []lifetime.Storage
	if err := r.decode(&list, "x-query-draining"); err != nil {
		return err
	}
	var status struct{ Unplugging []lifetime.Unplug }
	if err := r.decode(&status, "x-query-lifetime"); err != nil {
		return err
	}
	lifetime.WriteUnplugs(&r.out, status.Unplugging)
	lifetime.Write(&r.out, list)
	if len(list)+len(status.Unplugging) == 0 {
		r.printf("nothing is leaving\n")
	}
	return nil
}
