// Package nvme models NVMe controllers, name spaces and subsystems as far as
// the tree goes: buses, numbers, and what comes and goes with what. Their
// registers answer nothing.
package nvme
