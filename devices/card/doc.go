// Package card has PCI cards that are known by their tree alone: serial cards,
// whose ports are devices of their own, and the SD host controller with its
// bus. Their registers answer nothing.
package card
