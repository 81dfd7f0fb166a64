package collect

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/windows/registry"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// cpu asks the processor, and where that tells nothing (ARM64) the registry, into which the system writes its registers.
func (m *machine) cpu(r *reading) {
	if id, source := processor(); id != "" {
		r.finding[terminalinfo.CPUSerial] = finding{value: id, source: source}
		return
	}
	const path = `HARDWARE\DESCRIPTION\System\CentralProcessor\0`
	look := search{}
	_ = look.try(path+" CP 4000", func() (string, error) { return registerValue(path, "CP 4000") }) || // MIDR_EL1
		look.try(path+" Identifier", func() (string, error) { return registryText(path, "Identifier") })
	r.finding[terminalinfo.CPUSerial] = look.result()
}

func registerValue(path, name string) (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return "", err
	}
	defer key.Close()
	if n, _, err := key.GetIntegerValue(name); err == nil {
		return fmt.Sprintf("%016X", n), nil
	}
	b, _, err := key.GetBinaryValue(name)
	if err != nil || len(b) != 8 {
		return "", err
	}
	return fmt.Sprintf("%016X", binary.LittleEndian.Uint64(b)), nil
}

func registryText(path, name string) (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return "", err
	}
	defer key.Close()
	text, _, err := key.GetStringValue(name)
	return text, err
}
