package qom

import "fmt"

// ViolationKind classifies a broken lifetime rule.
type ViolationKind uint8

// The kinds of violations.
const (
	ViolationUseAfterFree ViolationKind = iota + 1 // an object used after its storage was freed
	ViolationResurrection                          // a reference taken on an object being finalized
	ViolationCount                                 // a counter that went below nothing or was finalized twice
	ViolationToken                                 // a ledger token used twice
	ViolationStorage                               // storage freed early or twice
	ViolationTree                                  // parent and child tables that disagree
	ViolationFinalizer                             // a finalizer that did more than drop references
)

var violationNames = [...]string{
	ViolationUseAfterFree: "use-after-free", ViolationResurrection: "resurrection", ViolationCount: "count",
	ViolationToken: "token", ViolationStorage: "storage", ViolationTree: "tree",
	ViolationFinalizer: "finalizer",
}

func (k ViolationKind) String() string { return violationNames[k] }

// Violation is a lifetime rule that was broken, by a device model or by us;
// never by a client's input.
type Violation struct {
	Kind       ViolationKind
	Type       string // of the object or storage
	Path       string // of the object, when it has one
	Generation uint64
	Text       string
	Site       string // where it was noticed: "virtio.(*Element).unmap (element.go:80)"
	Earlier    string // the other place that is to blame, where it is known
}

func (v Violation) Error() string {
	where := v.Path
	if where == "" {
		where = v.Type
	}
	text := fmt.Sprintf("qom violation (%s): %s #%d: %s", v.Kind, where, v.Generation, v.Text)
	if v.Site != "" {
		text += ", at " + v.Site
	}
	if v.Earlier != "" {
		text += ", see also " + v.Earlier
	}
	return text
}

func (o *Object) violation(kind ViolationKind, format string, args ...any) {
	v := Violation{Kind: kind, Type: o.class.name, Path: o.Path(), Text: fmt.Sprintf(format, args...)}
	if o.storage == nil {
		panic(v)
	}
	v.Generation = o.storage.gen
	switch kind {
	case ViolationUseAfterFree:
		v.Earlier = place(o.storage.freedAt)
	case ViolationFinalizer:
		v.Earlier = place(finalizerSite())
	}
	o.storage.tree.violate(v)
}
