package block

// InUse reports whether a name, of a node or of a drive, names something that
// cannot be deleted because somebody uses it.
func (g *Graph) InUse(name string) bool {
	if b := g.BackendOf(name); b != nil {
		return b.Device() != ""
	}
	n := g.Node(name)
	return n != nil && (n.backend() != nil || len(n.parents) > 0)
}
