// Package storage models mass storage on USB: usb-storage with its single SCSI
// disk, usb-bot with a bus for several, both after the bulk-only transport 1.0,
// and usb-uas.
package storage
