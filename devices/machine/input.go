package machine

// Awake reports whether there is a guest that would see what a user does: it runs,
// or sleeps.
func (m *Machine) Awake() bool { return m.state.live() }
