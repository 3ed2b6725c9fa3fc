package pci

// ClassName returns what QEMU calls a class code (base class in the upper
// byte), empty when it has no name for it.
func ClassName(code uint16) string { return classNames[code] }
