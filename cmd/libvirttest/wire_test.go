package libvirttest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// wireLog is the file in a connection's folder in which libvirt writes down what
// it says to monitors and hears from them.
const wireLog = "monitor.log"

// message is one line of a monitor's socket, in the order in which libvirt has
// written or read it.
type message struct {
	Execute string // of what libvirt says
	Event   string // of what it is told
	ID      string // of a command and of its reply
	Error   *struct{ Class, Desc string }

	monitor string // whose socket
	line    string
}

// wireLine is how libvirt 9 and 12 write a message down.
var wireLine = regexp.MustCompile(`QEMU_MONITOR_(SEND_MSG|RECV_REPLY|RECV_EVENT): mon=(\w+) (?:msg|reply|event)=(\{.*)`)

// wire reads what has been said on the monitors of a folder's domains, and by
// programs that libvirt asked what they can do.
func wire(t *testing.T, root string) (list []message) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, wireLog))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20) // the schema is one line
	for lines.Scan() {
		m := wireLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		said := message{monitor: m[2], line: m[3]}
		if err := json.Unmarshal([]byte(m[3]), &said); err != nil {
			t.Fatalf("%v in %s", err, m[3])
		}
		list = append(list, said)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// checkWire complains of commands that we advertise and do not have. To libvirt
// that is another thing than a command that fails: it gives up. One that nobody
// has is called nosuch in these tests.
func checkWire(t *testing.T, list []message) {
	t.Helper()
	for i, m := range list {
		if m.Error != nil && m.Error.Class == "CommandNotFound" && m.ID != "" {
			if command := asked(list[:i], m); !strings.Contains(command, "nosuch") {
				t.Errorf("%s\nanswers %s", command, m.line)
			}
		}
	}
}

// asked finds the command that a reply is for.
func asked(before []message, reply message) string {
	for _, m := range slices.Backward(before) {
		if m.Execute != "" && m.ID == reply.ID && m.monitor == reply.monitor {
			return m.line
		}
	}
	return "nothing"
}

// changes lists the commands of libvirt's that are no questions.
func changes(list []message) (names []string) {
	for _, m := range list {
		if m.Execute != "" && !strings.HasPrefix(m.Execute, "query-") && !strings.HasPrefix(m.Execute, "qom-") {
			names = append(names, m.Execute)
		}
	}
	return names
}

// heard complains of events that libvirt has not been told.
func (c *connection) heard(events ...string) {
	c.t.Helper()
	list := wire(c.t, c.root)
	for _, name := range events {
		if !slices.ContainsFunc(list, func(m message) bool { return m.Event == name }) {
			c.t.Errorf("there was no %s", name)
		}
	}
}

// during runs a command that must work and returns what it made libvirt and the
// monitors say.
func (c *connection) during(format string, args ...any) []message {
	c.t.Helper()
	said := len(wire(c.t, c.root))
	c.run(format, args...)
	return wire(c.t, c.root)[said:]
}
