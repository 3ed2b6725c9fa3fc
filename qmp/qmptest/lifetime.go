package qmptest

import (
	"sync"

	"github.com/qomd/qomd/qom"
)

// Lifetime makes the objects of the machine end by another rule than
// storage-ref: "classic", "aggregate", "qemu-7.2", see package lifetime.
func Lifetime(rule string) Option { return func(o *options) { o.lifetime = rule } }

// ExpectViolations has broken lifetime rules, and storage that is still held in
// the end, be collected for [Machine.Violations] and [Machine.Leaks] instead of
// failing the test.
func ExpectViolations() Option { return func(o *options) { o.violations = true } }

// collected are the violations of a machine that may have some.
type collected struct {
	expected bool

	mu   sync.Mutex
	list []qom.Violation
}

// violated is told of every broken rule, under the machine's lock.
func (m *Machine) violated(v qom.Violation) {
	if !m.broken.expected {
		m.t.Errorf("qmptest: %v", v)
		return
	}
	m.broken.mu.Lock()
	defer m.broken.mu.Unlock()
	m.broken.list = append(m.broken.list, v)
}

// Violations returns the lifetime rules that were broken since the last call;
// only with [ExpectViolations] can there be any.
func (m *Machine) Violations() []qom.Violation {
	m.broken.mu.Lock()
	defer m.broken.mu.Unlock()
	list := m.broken.list
	m.broken.list = nil
	return list
}
