package scenario

import (
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/qjson"
)

// Scenario is one story.
type Scenario struct {
	File    string
	Name    string
	Machine config.Machine
	Steps   []Step
	// Violations are the kinds of broken lifetime rules that the story is about,
	// in order; any other fails it.
	Violations []string
}

// Verb is what a step does.
type Verb string

// The verbs, as they stand in files.
const (
	Command    Verb = "qmp"
	Connect    Verb = "connect"
	Disconnect Verb = "disconnect"
	Clock      Verb = "clock"
	Register   Verb = "register"
	Guest      Verb = "guest"
	Fault      Verb = "fault"
	Hold       Verb = "hold"
	Release    Verb = "release"
	Restart    Verb = "restart"
	Look       Verb = "look"
)

// Step is one thing that happens, and what is to be seen then.
type Step struct {
	Line   int    // in the file
	Client string // who acts, and whose events count
	Verb   Verb
	// Text is the command, client, register line or path of the verb.
	Text string
	// Arguments of a command, or the properties to set; nil: none.
	Arguments *qjson.Object
	// Descriptor is a file that is opened and handed over with a command.
	Descriptor string
	Duration   time.Duration
	Want       Want
}

// Want is what a step expects.
type Want struct {
	Returns    any // when HasReturns
	HasReturns bool
	Error      *Failure
	NoReply    bool
	Late       []Answer
	Answer     *string
	Greeting   string // "none", "refused", or empty
	Events     []Event
	Order      []string
	Closed     bool
	Ended      *int
	Devices    []DeviceState
	Draining   []string
	HasDrain   bool
}

// Failure is an error that is expected; an empty class fits any.
type Failure struct{ Class, Desc string }

// Answer is an answer that comes later than with its command.
type Answer struct {
	Returns any
	Error   *Failure
}

// Event is an event that is expected; nil data fit any.
type Event struct {
	Line int
	Name string
	Data *qjson.Object
}

// State is where a device stands.
type State string

// The states.
const (
	Plugged  State = "plugged"
	Draining State = "draining"
	Gone     State = "gone"
)

// DeviceState is the state a device is expected to have.
type DeviceState struct {
	ID    string
	State State
}
