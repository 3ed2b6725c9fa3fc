package cpu

// Bits of the status of a bank of machine-check registers, and of CR4; Intel's
// manual, volume 3, sections 15.3.2.2 and 2.5.
const (
	CheckValid          = 1 << 63
	CheckUncorrected    = 1 << 61
	CheckActionRequired = 1 << 55

	checkInProgress = 1 << 2 // of the global status: the last one is being handled
	machineChecks   = 1 << 6 // CR4: the processor takes machine checks
)

// checkBanks is how many banks QEMU's processors have.
const checkBanks = 10

// CheckBanks is how many banks of machine-check registers the processor has, 0
// when it has none.
func (c *CPU) CheckBanks() int {
	if c.Signature()>>8&0xf < 6 || !c.feature("mce") || !c.feature("mca") {
		return 0
	}
	return checkBanks
}

// BroadcastsChecks reports whether a machine check on one processor reaches all
// others: those of AMD and the oldest of family 6 do not.
func (c *CPU) BroadcastsChecks() bool {
	family, model := c.number("family"), c.number("model")
	vendor, _ := c.Get("vendor")
	return (vendor != "AuthenticAMD" || c.Env().Ways.AMDBroadcasts) && (family > 6 || family == 6 && model >= 14)
}

// TakesChecks reports whether a guest, or a debugger in its place, has told the
// processor to take machine checks.
func (c *CPU) TakesChecks() bool { return c.Value("cr4")&machineChecks != 0 }

// TakeCheck tells the processor of an error, with a global status.
func (c *CPU) TakeCheck(status uint64) { c.checks = status }

// InCheck reports whether the processor has not done with the last one.
func (c *CPU) InCheck() bool { return c.checks&checkInProgress != 0 }

// feature reads a feature of the processor.
func (c *CPU) feature(name string) bool {
	v, err := c.Get(name)
	on, _ := v.(bool)
	return err == nil && on
}
