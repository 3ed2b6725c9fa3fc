package scsi

// Sense tells why a command failed: sense key, additional sense code and its
// qualifier, SPC-4 section 4.5.
type Sense struct{ Key, Code, Qualifier byte }

var (
	noSense        = Sense{}
	mediumMissing  = Sense{2, 0x3a, 0}
	targetFailure  = Sense{4, 0x44, 0}
	invalidOpcode  = Sense{5, 0x20, 0}
	outOfRange     = Sense{5, 0x21, 0}
	invalidField   = Sense{5, 0x24, 0}
	noLogicalUnit  = Sense{5, 0x25, 0}
	powerOnReset   = Sense{6, 0x29, 0}
	writeProtected = Sense{7, 0x27, 0}
	spaceMissing   = Sense{7, 0x27, 7}
	ioError        = Sense{11, 0, 6}
)

// fixed is the sense data in the fixed format, SPC-4 section 4.5.3.
func (s Sense) fixed() []byte {
	b := make([]byte, 18)
	b[0], b[2], b[7], b[12], b[13] = 0x70, s.Key, 10, s.Code, s.Qualifier
	return b
}

// Data is the sense data that an adapter hands to the guest with the status.
func (s Sense) Data() []byte { return s.fixed() }
