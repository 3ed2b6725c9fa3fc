package block

import (
	"errors"
	"fmt"
)

// SetIOThread is x-blockdev-set-iothread: it moves a node to an iothread, or to
// the main loop with nil. Requests run on goroutines of their own here, so that
// who may ask for it is all there is to it.
func (g *Graph) SetIOThread(node string, thread *string, force bool) error {
	n := g.Node(node)
	switch {
	case n == nil:
		return fmt.Errorf("Failed to find node with node-name='%s'", node)
	case n.backend() != nil && !force:
		return fmt.Errorf("Node %s is associated with a BlockBackend and could be in use (use force=true to override this check)", node)
	case thread == nil:
		return nil
	}
	if o, _ := g.opts.Env.Tree.Resolve("/objects/"+*thread, "iothread"); o == nil {
		return fmt.Errorf("Cannot find iothread %s", *thread)
	}
	if b := n.backend(); b != nil && b.device != nil {
		return errors.New("Cannot change iothread of active block backend")
	}
	return nil
}
