package verify

import (
	"fmt"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Mutant is a mistake that the checker can make the core commit, to show that
// it finds it.
type Mutant struct {
	Name, About string
	// Configs are those that show it, the smallest first.
	Configs []string
	which   probe.Mutant
}

// Mutants lists the mistakes.
func Mutants() []Mutant {
	return []Mutant{
		{"classic", "free at the end of the root's finalizer, whoever lives in the storage: QEMU 11.1's rule",
			[]string{"trace-2"}, probe.Classic},
		{"free-at-zero", "free when the storage count reaches 0, not when it passes it",
			[]string{"trace-1", "trace-2"}, probe.FreeAtZero},
		{"storage-first", "drop the storage reference before the finalizer",
			[]string{"trace-1", "trace-2"}, probe.StorageFirst},
		{"no-child-ref", "embedded children take no storage reference",
			[]string{"trace-1", "trace-2"}, probe.NoChildRef},
		{"wrong-counter", "count a grandchild on its embedded container, not on the root",
			[]string{"nested"}, probe.WrongCounter},
		{"finalize-at-zero", "finalize when the logical count reaches 0, not when it passes it",
			[]string{"trace-2"}, probe.FinalizeAtZero},
		{"berrange", "the reading of the first answer to the patch: the storage count is that of the children, and the last child frees",
			[]string{"trace-1"}, probe.ChildrenOnly},
		{"no-queue", "release a token where it is handed in, off the lock",
			[]string{"async-last"}, probe.NoQueue},
	}
}

func mutantByName(name string) (probe.Mutant, error) {
	if name == "" {
		return probe.None, nil
	}
	m, err := FindMutant(name)
	return m.which, err
}

// FindMutant returns the mutant of that name.
func FindMutant(name string) (Mutant, error) {
	for _, m := range Mutants() {
		if m.Name == name {
			return m, nil
		}
	}
	return Mutant{}, fmt.Errorf("no mutant '%s'", name)
}
