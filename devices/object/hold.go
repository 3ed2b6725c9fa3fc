package object

import "github.com/qomd/qomd/qom"

// registerHold adds x-hold, which keeps another object from being freed.
func registerHold(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "x-hold", Parent: "object", Interfaces: []string{"user-creatable"}})
}
