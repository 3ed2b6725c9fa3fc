package qmp

import (
	"sync"

	"github.com/qomd/qomd/qmp/qjson"
)

// Flags say when a command may run (QmpCommandOptions in QEMU).
type Flags uint

const (
	// AllowOOB lets clients run the command with "exec-oob". Its handler then
	// runs on the session's reader, without the machine lock.
	AllowOOB Flags = 1 << iota
	// AllowPreconfig lets the command run before the machine is complete. The
	// server only carries this flag; Config.Allowed acts on it.
	AllowPreconfig
	// Deprecated marks a command that is going to be removed.
	Deprecated
	// Unstable marks a command whose form may change, as all with "x-" may.
	Unstable
)

// Command is one row of a CommandSet.
type Command struct {
	Name  string
	Flags Flags

	run func(*Call) (any, error)
}

// CommandSet is the table of commands a server knows. It is filled once, before
// the server runs, and not changed after.
type CommandSet struct {
	byName map[string]*Command
	order  []*Command

	fill sync.Once
	lazy func() *CommandSet // fills the set, nil when it needs no filling
}

// LazyCommandSet returns a set with the commands of the one that make returns;
// it is made when somebody first asks for a command. A machine that nobody
// talks to then needs no table.
func LazyCommandSet(make func() *CommandSet) *CommandSet { return &CommandSet{lazy: make} }

// full returns the set itself once it is complete.
func (set *CommandSet) full() *CommandSet {
	set.fill.Do(func() {
		if set.lazy != nil {
			made := set.lazy()
			set.byName, set.order, set.lazy = made.byName, made.order, nil
		}
	})
	return set
}

// NewCommandSet returns a set that holds only qmp_capabilities, which the server
// implements itself.
func NewCommandSet() *CommandSet {
	set := &CommandSet{byName: make(map[string]*Command)}
	set.add(&Command{Name: capabilitiesCommand, Flags: AllowPreconfig, run: negotiate})
	return set
}

// add panics when a name is taken: that is a mistake in the program's table.
func (set *CommandSet) add(c *Command) {
	if set.byName[c.Name] != nil {
		panic("qmp: command registered twice: " + c.Name)
	}
	set.byName[c.Name] = c
	set.order = append(set.order, c)
}

// Mark adds flags to those of the named commands that the set has.
func (set *CommandSet) Mark(flags Flags, names ...string) {
	for _, name := range names {
		if c := set.byName[name]; c != nil {
			c.Flags |= flags
		}
	}
}

// Lookup returns the command called name, or nil.
func (set *CommandSet) Lookup(name string) *Command { return set.full().byName[name] }

// Names lists the commands in order of registration.
func (set *CommandSet) Names() []string {
	names := make([]string, len(set.full().order))
	for i, c := range set.order {
		names[i] = c.Name
	}
	return names
}

// Register adds a command with typed arguments and result. The arguments are
// decoded with [qjson.Unmarshal] after the schema has accepted them; use struct{}
// for none, pointers for optional members. The result is encoded with
// [qjson.Append]; struct{} gives the empty object.
//
// fn runs under the machine lock (Config.Do), except out of band.
func Register[A, R any](set *CommandSet, name string, flags Flags, fn func(*Call, A) (R, error)) {
	set.add(&Command{Name: name, Flags: flags, run: func(c *Call) (any, error) {
		var args A
		if err := qjson.Unmarshal(c.Args, &args); err != nil {
			return nil, err
		}
		return fn(c, args)
	}})
}

// RegisterRaw adds a command that takes its arguments as they came, for commands
// whose arguments depend on one another. A nil result gives the empty object;
// return qjson.Raw("null") for null.
func RegisterRaw(set *CommandSet, name string, flags Flags, fn func(*Call, *qjson.Object) (any, error)) {
	set.add(&Command{Name: name, Flags: flags, run: func(c *Call) (any, error) {
		v, err := fn(c, c.Args)
		if v == nil {
			v = struct{}{}
		}
		return v, err
	}})
}
