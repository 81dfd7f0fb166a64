package collector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const headerName = "tradefront_collect.h"

// vendorMark is where the header gets the vendor's function.
const vendorMark = "/*@VENDOR@*/\n"

// functions are those of the header but the vendor's.
var functions = []string{
	"tfc_collect", "tfc_terminal_info", "tfc_missing", "tfc_flag", "tfc_count", "tfc_at", "tfc_explain", "tfc_selfcheck",
	"tfc_version", "tfc_free", "tfc_free_text",
}

// exports is the linker's version script.
func (b *build) exports() string {
	return fmt.Sprintf("{\n\tglobal: %s_getsysteminfo; %s;\n\tlocal: *;\n};\n", b.Vendor, strings.Join(functions, "; "))
}

func (b *build) pkgConfigName() string { return "tradefront_collect_" + b.Vendor + ".pc" }

// texts writes the header and the pkg-config file.
func (b *build) texts() error {
	header, err := os.ReadFile(filepath.Join(b.root, "collector", "shim", headerName))
	if err != nil {
		return err
	}
	before, after, ok := strings.Cut(string(header), vendorMark)
	if !ok {
		return errors.New("the header has no place for the vendor's function")
	}
	header = []byte(strings.ReplaceAll(before, "TF01", b.Vendor) + fmt.Sprintf(vendorFunction, b.Vendor) + after)
	if err := os.WriteFile(filepath.Join(b.work, headerName), header, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.work, b.pkgConfigName()), []byte(b.pkgConfig()), 0o600)
}

// vendorFunction is the declaration of the function that the specification suggests (A.1 a).
const vendorFunction = `
#ifndef TRADEFRONT_COLLECT_%[1]s
#define TRADEFRONT_COLLECT_%[1]s
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Fills out with the ciphertext: 256 bytes of an RSA key, up to 342 of an SM2 key. It has zeros in it: no C string. *len is the room of out before
 * (512 is enough), the length of the ciphertext after. Returns 0, bits of TFC_MISSING_*, or a code below 0. With TFC_BUFFER *len is the room needed.
 */
TFC_API int %[1]s_getsysteminfo(char *out, int *len);

#ifdef __cplusplus
}
#endif
#endif
`

func (b *build) pkgConfig() string {
	return fmt.Sprintf(`prefix=${pcfiledir}
libdir=${prefix}
includedir=${prefix}

Name: tradefront_collect_%[1]s
Description: collects and encrypts the terminal information of terminals of vendor %[1]s
Version: %[2]s
Libs: -L${libdir} -ltradefront_collect_%[1]s
Cflags: -I${includedir}
`, b.Vendor, strings.TrimPrefix(b.Version, "v"))
}
