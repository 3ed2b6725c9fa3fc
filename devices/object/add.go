package object

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Request is what object-add and -object ask for.
type Request struct {
	Type, ID string
	// Props are the remaining options, in order.
	Props *qjson.Object
	// Text says that the values are command line text; otherwise they are JSON
	// and must have the type of their property.
	Text bool
}

// NewRequest takes an object-add's arguments apart.
func NewRequest(args *qjson.Object, text bool) (Request, error) {
	r := Request{Props: qjson.NewObject(), Text: text}
	for _, m := range []struct {
		name string
		into *string
	}{{"qom-type", &r.Type}, {"id", &r.ID}} {
		v, ok := args.Get(m.name)
		if !ok {
			return r, missing(m.name)
		}
		if *m.into, ok = v.(string); !ok {
			return r, fmt.Errorf("Invalid parameter type for '%s', expected: string", m.name)
		}
	}
	for name, v := range args.All() {
		if name != "qom-type" && name != "id" {
			r.Props.Set(name, v)
		}
	}
	return r, nil
}

func missing(name string) error { return fmt.Errorf("Parameter '%s' is missing", name) }

// identifierError refuses an id. On a terminal QEMU explains itself.
type identifierError struct{}

func (identifierError) Error() string { return "Parameter 'id' expects an identifier" }

// Hint is the second line of the message, which QMP does not carry.
func (identifierError) Hint() string {
	return "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.\n"
}

// Container returns /objects, which it makes when there is none.
func Container(t *qom.Tree) *qom.Object {
	if c := t.Root().Child("objects"); c != nil {
		return c
	}
	c, err := t.NewChild(t.Root(), "objects", "container")
	if err != nil {
		return t.Root() // somebody else's property has the name
	}
	return c
}

// Add makes an object, checking in QEMU's order. When it fails nothing is left.
func Add(env *qdev.Env, r Request) (*qom.Object, error) {
	class, err := creatable(env.Tree.Types, r.Type)
	if err != nil {
		return nil, err
	}
	for _, name := range BehaviorOf(class).Required {
		if !r.Props.Has(name) {
			return nil, missing(name)
		}
	}
	for name := range r.Props.Hashed() {
		if p := class.Property(name); p == nil || p.Set == nil {
			return nil, fmt.Errorf("Parameter '%s' is unexpected", name)
		}
	}
	if !qdev.ValidID(r.ID) {
		return nil, identifierError{}
	}

	o := env.Tree.NewClass(class)
	defer o.Unref()
	for name, v := range r.Props.Hashed() {
		in := qom.Value(v)
		if text, ok := v.(string); ok && r.Text {
			in = qom.Text(text)
		}
		if err := o.Set(name, in); err != nil {
			return nil, err
		}
	}
	if err := Container(env.Tree).AddChild(r.ID, o); err != nil {
		return nil, err
	}
	if err := Complete(o); err != nil {
		o.Unparent()
		return nil, err
	}
	return o, nil
}

// notBuilt are types that the schema knows and a QEMU may be built without.
var notBuilt = map[string]bool{
	"authz-listfile": true, "authz-pam": true, "cryptodev-backend-lkcf": true, "memory-backend-epc": true,
	"pef-guest": true, "s390-pv-guest": true, "x-vfio-user-server": true,
}

// creatable finds the class of a type that users may create.
func creatable(types *qom.Types, name string) (*qom.Class, error) {
	class := types.Class(name)
	switch {
	case class == nil && notBuilt[name]:
		return nil, fmt.Errorf("invalid object type: %s", name)
	case class == nil || class.Abstract() || !class.Is("user-creatable") || class.Is("device"):
		return nil, fmt.Errorf("Parameter 'qom-type' does not accept value '%s'", name)
	}
	return class, nil
}

// Del removes the object of that id. It stays alive as long as somebody holds
// it, but without a path.
func Del(env *qdev.Env, id string) error {
	o := Container(env.Tree).Child(id)
	if o == nil || id == "" {
		return fmt.Errorf("object '%s' not found", id)
	}
	if !o.Is("user-creatable") {
		return fmt.Errorf("object '%s' is in use, can not be deleted", id)
	}
	if f := BehaviorOf(o.Class()).MayDelete; f != nil {
		if err := f(o); err != nil {
			return err
		}
	}
	o.Unparent()
	return nil
}

// errInitialized refuses to change what counts only until an object is
// complete.
var errInitialized = errors.New("Property cannot be set after initialization")
