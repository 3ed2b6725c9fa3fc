package qdev

import "github.com/qomd/qomd/qom"

// Register adds the base types of devices and buses to t.
func Register(t *qom.Types) {
	register(t)
	registerBus(t)
}
