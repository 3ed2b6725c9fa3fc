package object

import "github.com/qomd/qomd/qom"

// Register adds the code of user-creatable objects to t.
func Register(t *qom.Types) {
	registerHold(t)
}
