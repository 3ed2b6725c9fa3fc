// Package qomtest helps tests that make object trees: a tree that is checked
// when the test ends, and fails it when a rule was broken or something leaked.
package qomtest
