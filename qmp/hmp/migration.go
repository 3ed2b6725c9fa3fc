package hmp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
	"github.com/qomd/qomd/qom"
)

// migrationRows are the commands on migration.
func migrationRows() []*command {
	return []*command{
		{names: "migrate", args: "detach:-d,resume:-r,uri:s", params: "[-d] [-r] uri", qmp: "migrate",
			help: "send the machine elsewhere; -d: do not wait for the end; -r: go on with one that was paused", run: migrate},
		{names: "migrate_cancel", help: "cancel the migration", qmp: "migrate_cancel", run: forward("migrate_cancel")},
		{names: "migrate_continue", args: "state:s", params: "state", qmp: "migrate-continue",
			help: "go on from a state in which migration waits", run: migrateContinue},
		{names: "migrate_incoming", args: "uri:s", params: "uri", qmp: "migrate-incoming",
			help: "take a machine from elsewhere, after -incoming defer", run: migrateIncoming},
		{names: "migrate_recover", args: "uri:s", params: "uri", qmp: "migrate-recover",
			help: "go on with an incoming postcopy migration that was paused", run: forward("migrate-recover", "uri")},
		{names: "migrate_pause", help: "pause a postcopy migration", qmp: "migrate-pause", run: forward("migrate-pause")},
		{names: "migrate_start_postcopy", help: "switch the migration to postcopy", qmp: "migrate-start-postcopy",
			run: forward("migrate-start-postcopy")},
		{names: "migrate_set_capability", args: "capability:s,state:b", params: "capability state", qmp: "migrate-set-capabilities",
			help: "turn a capability of migration on or off", run: setCapability, complete: completeCapability},
		{names: "migrate_set_parameter", args: "parameter:s,value:S", params: "parameter value", qmp: "migrate-set-parameters",
			help: "change a parameter of migration", run: setParameter, complete: completeParameter},
	}
}

// migrate does not wait for the end: neither of the monitors can.
func migrate(r *run) error {
	if err := r.ask("migrate", r.members("uri", "resume")...); err != nil {
		return err
	}
	if !r.args.flag("detach") && r.session.history == nil {
		r.printf("terminal does not allow synchronous migration, continuing detached\n")
	}
	return nil
}

// migrateIncoming looks at the address before anything else.
func migrateIncoming(r *run) error {
	if _, err := migration.ParseURI(r.args.text("uri")); err != nil {
		return err
	}
	return r.ask("migrate-incoming", r.members("uri")...)
}

func migrateContinue(r *run) error {
	if err := r.choice("state", "migrate-continue", "state"); err != nil {
		return err
	}
	return r.ask("migrate-continue", r.members("state")...)
}

func setCapability(r *run) error {
	if err := r.choice("capability", "migrate-set-capabilities", "capabilities", "capability"); err != nil {
		return err
	}
	return r.ask("migrate-set-capabilities", with("capabilities", []any{qjson.NewObject(r.members("capability", "state")...)}))
}

func setParameter(r *run) error {
	name := r.args.text("parameter")
	m, known := r.h.schema.Member("migrate-set-parameters", name)
	switch {
	case !known:
		return fmt.Errorf("invalid parameter value: %s", name)
	case name == "block-bitmap-mapping":
		return errors.New("The block-bitmap-mapping parameter can only be set through QMP")
	}
	v, err := parameterValue(m, name, r.args.text("value"))
	if err != nil {
		return err
	}
	return r.ask("migrate-set-parameters", with(name, v))
}

// bandwidths are the parameters whose numbers are mebibytes without a suffix.
var bandwidths = []string{"max-bandwidth", "avail-switchover-bandwidth"}

// parameterValue gives the text of a parameter the type of m.
func parameterValue(m schema.Member, name, text string) (any, error) {
	in := qom.Plain(text)
	switch {
	case slices.Contains(bandwidths, name):
		n, err := config.ParseSize(text, 20)
		if err != nil || int64(n) < 0 {
			return nil, fmt.Errorf("Invalid size %s", text)
		}
		return int64(n), nil
	case m.Kind == "boolean":
		return in.Bool(name)
	case m.Kind == "int" && m.Bits == 64:
		n, err := in.Size(name)
		return int64(n), err
	case m.Kind == "int":
		n, err := in.Uint(name, uint(m.Bits))
		return int64(n), err
	case m.Kind == "array":
		words, err := splitWords(text)
		list := make([]any, len(words))
		for i, w := range words {
			list[i] = w
		}
		return list, err
	case m.Kind == "enum" && !slices.Contains(m.Choices, text):
		return nil, fmt.Errorf("Parameter '%s' does not accept value '%s'", name, text)
	}
	return text, nil
}

func completeCapability(c *completer, words []string) {
	completeChoice("migrate-set-capabilities", "capabilities", "capability")(c, words)
	if len(words) == 3 {
		c.propose("on", words[2])
		c.propose("off", words[2])
	}
}

func completeParameter(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	for _, name := range c.h.schema.Members("migrate-set-parameters") {
		c.propose(name, words[1])
	}
}

// completeChoice completes the first argument by the values that a member of a
// QMP command's arguments can have.
func completeChoice(command string, path ...string) func(*completer, []string) {
	return func(c *completer, words []string) {
		if len(words) != 2 {
			return
		}
		for _, name := range c.h.schema.Choices(command, path...) {
			c.propose(name, words[1])
		}
	}
}
