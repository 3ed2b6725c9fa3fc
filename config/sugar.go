package config

import "fmt"

// sugar are the properties of accelerators that -machine takes as well, with the
// type of accelerator that they are for. Others pay no heed to them, not even to
// their values.
var sugar = []struct{ name, typ string }{
	{"kernel-irqchip", "kvm-accel"},
	{"kvm-shadow-mem", "kvm-accel"},
	{"igd-passthru", "xen-accel"},
}

// takeSugar takes such properties out of -machine.
func (b *builder) takeSugar() map[string][]pair {
	all := map[string][]pair{}
	for _, s := range sugar {
		if b.machine.Has(s.name) {
			all[s.typ] = append(all[s.typ], pair{s.name, stringOf(b.machine, s.name)})
			b.machine.Delete(s.name)
		}
	}
	return all
}

// checkSugar holds them to the accelerator that is used.
func (b *builder) checkSugar(typ string, pairs []pair) error {
	for _, p := range pairs {
		if err := b.checkAccel(typ, &opts{pairs: []pair{p}}); err != nil {
			return fmt.Errorf("can't apply global %s.%s=%s: %w", typ, p.name, p.value, err)
		}
	}
	return nil
}
