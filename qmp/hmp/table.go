package hmp

import (
	"slices"
	"strings"
)

// command is one row of the table of commands, or of the topics of "info".
type command struct {
	names  string // alternatives, separated by '|', the main one first
	args   string // what it takes, in QEMU's notation: see arguments
	params string // what it takes, for people
	help   string // one line for people
	qmp    string // the QMP command it stands for; empty: none
	sub    *table // commands of the second word
	own    bool   // QEMU does not have it
	bare   bool   // up to QEMU 7.2 its mistakes are told without "Error: "
	goes   string // the first QEMU that says it will be removed; empty: none
	module bool   // QEMU has it in a module that it has not loaded: refused before its arguments are read
	run    func(*run) error

	// complete proposes values for an argument: words are those typed so far,
	// the command's name first, the last one unfinished. May be nil.
	complete func(c *completer, words []string)

	title string // names, with "info " before those of a topic; set by newTable
}

// table is a set of commands, sorted by name as help prints them.
type table struct {
	rows   []*command
	byName map[string]*command
}

// newTable makes a table of commands that are said behind a prefix.
func newTable(prefix string, rows []*command) *table {
	t := &table{rows: slices.Clone(rows), byName: map[string]*command{}}
	slices.SortStableFunc(t.rows, func(a, b *command) int { return strings.Compare(a.names, b.names) })
	for _, c := range t.rows {
		c.title = prefix + c.names
		for _, n := range strings.Split(c.names, "|") {
			t.byName[n] = c
		}
	}
	return t
}

// find returns the command of a name that the monitor offers, or nil.
func (h *Human) find(t *table, name string) *command {
	if c := t.byName[name]; c != nil && h.offers(c) {
		return c
	}
	return nil
}

// commandRows lists all commands.
func commandRows() []*command {
	rows := slices.Concat(helpRows(), controlRows(), deviceRows(), objectRows(), chardevRows(), networkRows(), blockRows(), blockJobRows(), snapshotRows(), qemuIORows(), migrationRows(), inputRows(), miscRows(), dirtyRateRows(), logRows(), absentRows(), debuggerRows(), treeRows(), expressionRows(), dumpRows(), hostAddressRows(), portRows(), machineCheckRows(), lockProfileRows(), soundRows(), aerRows())
	return append(rows, &command{
		names: "info", args: "item:s?", params: "[subcommand]", help: "tell about the state of the machine",
		sub: newTable("info ", topicRows()),
		run: func(r *run) error { r.helpFor([]string{"info"}); return nil },
	})
}

// topicRows lists all topics of "info".
func topicRows() []*command {
	return slices.Concat(machineTopics(), processorTopics(), memoryTopics(), deviceTopics(), treeTopics(),
		backendTopics(), blockTopics(), snapshotTopics(), migrationTopics(), miscTopics(), dirtyRateTopics(), traceTopics(), virtioTopics(), vncTopics(), absentTopics(), lifetimeTopics(), lockProfileTopics(), soundTopics())
}
