package collector

import "strings"

// target is a system and what differs in building for it.
type target struct {
	goos, goarch string
	cc           string   // Debian's compiler
	suffix       string   // of the library
	constructor  string   // the symbol that starts Go's runtime, which the shim calls in its time; "" to leave it to the loader
	sources      []string // of the shim, beside the common ones
	libraries    []string
}

var (
	commonSources = []string{"api.c", "result.c"}
	linuxSources  = []string{"engine.c", "forked.c", "room_linux.c", "runtime_linux.c"}
)

var targets = map[string]target{
	"linux/amd64": {"linux", "amd64", "gcc", ".so", "_rt0_amd64_linux_lib", linuxSources, []string{"-lpthread"}},
	"linux/arm64": {"linux", "arm64", "aarch64-linux-gnu-gcc", ".so", "_rt0_arm64_linux_lib", linuxSources, []string{"-lpthread"}},
	"windows/amd64": {
		"windows", "amd64", "x86_64-w64-mingw32-gcc", ".dll", "",
		[]string{"engine_windows.c"},
		[]string{"-lws2_32", "-lntdll", "-lwinmm", "-lbcrypt"},
	},
}

// tool is a program of the compiler's family: objcopy for gcc, aarch64-linux-gnu-objcopy for aarch64-linux-gnu-gcc and for
// "ccache aarch64-linux-gnu-gcc".
func (p *plan) tool(name string) string {
	for _, word := range strings.Fields(p.CC) {
		if prefix, ok := strings.CutSuffix(word, "gcc"); ok {
			return prefix + name
		}
	}
	return name
}

// library is the name of the library's file.
func (p *plan) library() string { return "libtradefront_collect_" + p.Vendor + p.target.suffix }

// soname is the name that programs which were linked with the library look for.
func (p *plan) soname() string { return p.library() + "." + ABI }
