package object

import "github.com/qomd/qomd/qom"

// Register adds the code of user-creatable objects to t. Parents, interfaces
// and most properties come from the catalog.
func Register(t *qom.Types) {
	for _, register := range []func(*qom.Types){
		registerHold, registerMemory, registerRNG, registerSecret, registerLoops, registerThrottle,
		registerAuthz, registerCrypto, registerFilters, registerHost, registerMisc,
	} {
		register(t)
	}
}

// add adds a type of QEMU's, unless this version lacks it.
func add(t *qom.Types, info qom.TypeInfo) {
	if t.HasFacts(info.Name) {
		t.Add(info)
	}
}
