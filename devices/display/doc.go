// Package display has the graphics adapters of PCs as far as the tree shows
// them: regions, BARs and consoles. Nothing is ever drawn.
package display
