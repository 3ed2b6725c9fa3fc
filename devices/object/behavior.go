package object

import "github.com/qomd/qomd/qom"

// Behavior is what a user-creatable type does beyond keeping its properties.
// It corresponds to QEMU's UserCreatableClass and, for Required, to what the
// QAPI schema demands.
type Behavior struct {
	// Required are the properties that must be given, in the order in which
	// QEMU looks for them.
	Required []string
	// Complete runs when all properties are set and the object is in the tree;
	// an error takes it out again. May be nil.
	Complete func(*qom.Object) error
	// MayDelete refuses to delete the object, in words for the user. May be
	// nil.
	MayDelete func(*qom.Object) error
}

type behaviorKey struct{}

// SetBehavior sets the behavior of a type and its descendants; for ClassInit.
func SetBehavior(c *qom.Class, b Behavior) { c.SetValue(behaviorKey{}, b) }

// BehaviorOf returns the behavior of a type, that of its nearest ancestor where
// it has none of its own.
func BehaviorOf(c *qom.Class) Behavior {
	b, _ := c.Value(behaviorKey{}).(Behavior)
	return b
}

// Complete finishes an object whose properties are set, as object-add does.
func Complete(o *qom.Object) error {
	if f := BehaviorOf(o.Class()).Complete; f != nil {
		if err := f(o); err != nil {
			return err
		}
	}
	// Up to QEMU 9.1 secrets and credentials tell that they are complete.
	if o.Property("loaded") != nil {
		o.Store("loaded", true)
	}
	return nil
}

// with returns a ClassInit that sets a behavior.
func with(b Behavior) func(*qom.Class) {
	return func(c *qom.Class) { SetBehavior(c, b) }
}

// requires is with for types that only demand properties.
func requires(names ...string) func(*qom.Class) { return with(Behavior{Required: names}) }
