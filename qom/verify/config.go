package verify

// Config is one situation to explore, as data.
type Config struct {
	Name  string
	About string

	Objects []Object
	Held    []Token // tokens taken before the threads start
	Threads []Thread

	// Leak names the objects that are expected to remain, in no particular
	// order. Their storage does too.
	Leak []string
	// Expect names the kinds of violations that must be reported in at least
	// one schedule, and may be in any: "resurrection". No other is accepted.
	Expect []string
	// Unlocked leaves the machine's lock out: finalizers run wherever the last
	// reference goes, as QEMU lets them, and the counters alone must keep order.
	Unlocked bool
	// Aggregate lets an object and all that is embedded in it live and end as
	// one, see [qom.Aggregate].
	Aggregate bool
	// Large marks what takes more than a second.
	Large bool
}

// Object describes an object and, by the label, its type.
type Object struct {
	Label string
	// In is the object whose struct it is embedded in, empty for one with an
	// allocation of its own.
	In string
	// Parent is the composition parent: a label, "/" for the root, empty for an
	// object that stays without. Its name there is the label.
	Parent string
	// Links are strong links to other objects, set when all are made.
	Links []string
	// Device objects are announced when their storage is freed.
	Device bool
	// Mapped objects are held by a view, which readers find them in, and by
	// their bus; both let go a grace period after unplug.
	Mapped bool
	// Later objects do not exist before [Plug] makes them.
	Later bool
	// Finalizer is what the object's finalizer does, for better or worse.
	Finalizer []Act
}

// Act is one thing a finalizer does.
type Act struct {
	Hold string // takes, and drops, a token on this object
	Use  string // reads the state of this object
}

// Token is a reference by name.
type Token struct{ Name, Object string }

// Thread is a script.
type Thread struct {
	Name  string
	Steps []Step
	// Service makes it a thread without a script, which works when there is
	// something to do: "reclaim" runs callbacks after their grace period,
	// "drain" is the main loop with its queue of tokens.
	Service string
}

// Op is what a step does.
type Op uint8

// The operations. Those in the first group take the lock.
const (
	opUnref Op = iota
	opUnparent
	opFind
	opRelease
	opLink
	opPlug
	opPlugFails
	opUnplug
	opIntrospect

	opShare // from here on off the lock
	opAsync
	opPin
	opLoad
	opUse
	opUnpin
)

// Step is one step of a script.
type Step struct {
	op     Op
	object string
	token  string
	from   string
}

// Unref drops the creation reference of an object.
func Unref(object string) Step { return Step{op: opUnref, object: object} }

// Unparent takes an object out of the tree.
func Unparent(object string) Step { return Step{op: opUnparent, object: object} }

// Find looks an object up by path and takes a token on what is there, if
// anything.
func Find(object, token string) Step { return Step{op: opFind, object: object, token: token} }

// Release ends a token; one that was never taken is none.
func Release(token string) Step { return Step{op: opRelease, token: token} }

// Link sets the first link of an object; an empty target clears it.
func Link(object, target string) Step { return Step{op: opLink, object: object, from: target} }

// Plug makes an object, puts it into the tree and realizes it.
func Plug(object string) Step { return Step{op: opPlug, object: object} }

// PlugFails is Plug of an object that fails to be realized after the objects
// embedded in it were.
func PlugFails(object string) Step { return Step{op: opPlugFails, object: object} }

// Unplug unrealizes an object and takes it out of the tree: views and bus let
// go after a grace period. On an object that is gone it does nothing.
func Unplug(object string) Step { return Step{op: opUnplug, object: object} }

// Introspect makes an object of the type of another, and drops it.
func Introspect(object string) Step { return Step{op: opIntrospect, object: object} }

// Share takes another token on what from holds, off the lock.
func Share(from, token string) Step { return Step{op: opShare, from: from, token: token} }

// Async hands a token in, off the lock.
func Async(token string) Step { return Step{op: opAsync, token: token} }

// Pin begins a reader's section, off the lock; Unpin ends it.
func Pin() Step { return Step{op: opPin} }

// Load looks an object up in the current view; Use reads it then.
func Load(object string) Step { return Step{op: opLoad, object: object} }

// Use reads the object that was loaded.
func Use() Step { return Step{op: opUse} }

// Unpin ends a reader's section.
func Unpin() Step { return Step{op: opUnpin} }
