package daemon

import (
	"context"
	"net"
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
)

// monitorHost serves the objects that are monitors.
type monitorHost struct {
	vm      *VM
	current *qmp.Session // whose command runs; guarded by the machine's lock

	mu       sync.Mutex
	pretty   map[string]bool // by monitor; absent is false
	sessions []*qmp.Session
}

func newMonitorHost(vm *VM) *monitorHost {
	return &monitorHost{vm: vm}
}

// Serve implements [chardev.Monitors].
func (h *monitorHost) Serve(m chardev.Monitor) (*chardev.Frontend, error) {
	f := &chardev.Frontend{Who: "monitor " + m.ID}
	switch {
	case !m.Control && m.NoReadline:
		f.Stream = h.vm.onceReady(h.vm.human.ServeBytes)
		return f, nil
	case !m.Control:
		f.Stream = h.vm.onceReady(h.vm.human.ServeConn)
		return f, nil
	}
	if m.Pretty {
		h.SetPretty(m.ID, true)
	}
	f.Stream = h.vm.onceReady(func(ctx context.Context, conn net.Conn) {
		h.mu.Lock()
		pretty := h.pretty[m.ID]
		h.mu.Unlock()
		h.vm.session(ctx, conn, qmp.Monitor{Name: m.ID, Pretty: pretty})
	})
	return f, nil
}

// onceReady makes clients wait until the machine is complete.
func (vm *VM) onceReady(serve func(context.Context, net.Conn)) func(context.Context, net.Conn) {
	return func(ctx context.Context, conn net.Conn) {
		select {
		case <-vm.ready:
			serve(ctx, conn)
		case <-ctx.Done():
		}
	}
}

// Current implements [chardev.Monitors].
func (h *monitorHost) Current() string {
	if h.current == nil {
		return ""
	}
	return h.current.Monitor().Name
}

// SetPretty implements [chardev.Monitors].
func (h *monitorHost) SetPretty(id string, pretty bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pretty == nil {
		h.pretty = map[string]bool{}
	}
	h.pretty[id] = pretty
	for _, s := range h.sessions {
		if s.Monitor().Name == id {
			s.SetPretty(pretty)
		}
	}
}

// running notes whose command runs; the machine's lock is held.
func (h *monitorHost) running(s *qmp.Session) { h.current = s }

func (h *monitorHost) connected(s *qmp.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions = append(h.sessions, s)
}

func (h *monitorHost) disconnected(s *qmp.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions = slices.DeleteFunc(h.sessions, func(o *qmp.Session) bool { return o == s })
}
