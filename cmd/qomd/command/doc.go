// Package command holds the commands of qomd, a file each; root.go lists them.
package command
