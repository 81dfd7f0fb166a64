package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/spf13/viper"

	"github.com/tradefront/tradefront/internal/files"
)

// maxFile is the longest configuration file in bytes.
const maxFile = 1 << 20

// Load reads the YAML file at path over the defaults, then env over both; env has the form
// of os.Environ. Relative paths in the result are resolved against the file's folder.
//
// The error is a Faults with everything that is wrong. Beside it is what could be read,
// so that the files that it names can be judged in the same report; nil if nothing could.
// Whether those files are there is not checked: CheckFiles does that.
func Load(path string, env []string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Faults{{Problem: err.Error()}}
	}
	c, faults := readConfig(data, env, filepath.Dir(path))
	if faults.on("") { // the file as a whole: what it names is not known
		return nil, faults.Err()
	}
	faults = append(faults, c.checkOpenPassword(path, env)...)
	return c, faults.Err()
}

// Default is the configuration of a front that stores locally and listens on loopback.
// Files named in it are relative and need not be there. The firm's IDs have no default: a firm
// that forgot one of the three would report under the name of another.
func Default() Config {
	return *new(settler).settle(schema().defaults())
}

func readFile(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("no configuration file is named")
	}
	data, err := files.ReadText(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	return data, nil
}

// readConfig reads and judges. A key that could not be read is not judged as well: its value is
// not what the operator wrote.
func readConfig(data []byte, env []string, folder string) (*Config, Faults) {
	written, faults := layer(schema(), data, env)
	s := &settler{folder: folder, credentials: credentialsFolder(env)}
	c := s.settle(written)
	if faults.on("") { // what the file lacks is not known
		return c, faults
	}
	return c, s.judged(faults, c.check(s.faults))
}

// judged joins the faults of reading, of single values and of the rules. A key that could not be read is not judged as
// well.
func (s *settler) judged(unread, rules Faults) Faults {
	faults := unread
	for _, f := range append(s.faults, rules...) {
		if !unread.on(f.Key) {
			faults = append(faults, f)
		}
	}
	return faults
}

// layer puts defaults, file and environment over each other, each value as it is written. A value
// that is not of its key's kind is a fault, and the layer below it counts, so that checking can go on
// and finds the rest.
func layer(root *field, data []byte, env []string) (map[string]any, Faults) {
	values, faults := readYAML(root, data)
	v := viper.New()
	for key, value := range root.defaults() {
		v.SetDefault(key, value)
	}
	if err := v.MergeConfigMap(values); err != nil {
		faults.add("", err.Error(), "")
	}
	faults = append(faults, applyEnv(v, root, env)...)
	return v.AllSettings(), faults
}

// settle is the configuration that the written values make. The faults of single values are the
// settler's.
func (s *settler) settle(written map[string]any) *Config {
	c := new(Config)
	s.section(schema(), written, "", reflect.ValueOf(c).Elem())
	return c
}
