package hmp

import (
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// with is one argument of a QMP command.
func with(name string, value any) qjson.Member { return qjson.Member{Name: name, Value: value} }

// forward returns what a row runs that only hands its arguments on to a QMP
// command. Each of members is a member of that command's arguments, which has
// the name of the row's argument; "member=argument" where the names differ.
// Arguments that were not given are left out.
func forward(command string, members ...string) func(*run) error {
	return func(r *run) error { return r.ask(command, r.members(members...)...) }
}

// members returns arguments of the line as those of a QMP command; see forward.
func (r *run) members(names ...string) []qjson.Member {
	var list []qjson.Member
	for _, name := range names {
		member, argument, renamed := strings.Cut(name, "=")
		if !renamed {
			argument = member
		}
		if v, ok := r.args[argument]; ok {
			list = append(list, with(member, v))
		}
	}
	return list
}

// readable returns what a row runs that prints the text of a QMP command which
// answers for people.
func readable(command string) func(*run) error {
	return func(r *run) error {
		o, err := r.object(command)
		if err == nil {
			r.printf("%s", text(o, "human-readable-text"))
		}
		return err
	}
}
