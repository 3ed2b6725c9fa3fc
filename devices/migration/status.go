package migration

// Status is how far a migration is; QEMU's MigrationStatus.
type Status string

// The statuses of a migration.
const (
	None                 Status = "none"
	Setup                Status = "setup"
	WaitUnplug           Status = "wait-unplug"
	Cancelling           Status = "cancelling"
	Cancelled            Status = "cancelled"
	Active               Status = "active"
	PostcopyDevice       Status = "postcopy-device"
	PostcopyActive       Status = "postcopy-active"
	PostcopyPaused       Status = "postcopy-paused"
	PostcopyRecoverSetup Status = "postcopy-recover-setup"
	PostcopyRecover      Status = "postcopy-recover"
	Completed            Status = "completed"
	Failing              Status = "failing"
	Failed               Status = "failed"
	PreSwitchover        Status = "pre-switchover"
	Device               Status = "device"
)

// busy reports whether a migration of that status is under way.
func (s Status) busy() bool {
	switch s {
	case None, Completed, Cancelled, Failed:
		return false
	}
	return true
}

// postcopy reports whether the destination has the device state already, so
// that there is no way back.
func (s Status) postcopy() bool {
	switch s {
	case PostcopyDevice, PostcopyActive, PostcopyPaused, PostcopyRecoverSetup, PostcopyRecover:
		return true
	}
	return false
}

// statusData is the data of MIGRATION, passData that of MIGRATION_PASS.
type statusData struct {
	Status Status `json:"status"`
}

type passData struct {
	Pass int64 `json:"pass"`
}
