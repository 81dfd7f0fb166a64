package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"github.com/tradefront/tradefront/internal/files"
)

// maxFile is the longest configuration file in bytes.
const maxFile = 1 << 20

// Load reads the YAML file at path over the defaults, then env over both; env has the form
// of os.Environ. Relative paths in the result are resolved against the file's folder.
//
// The error is a Faults with everything that is wrong. Beside it stands what could be read,
// so that the files that it names can be judged in the same report; nil if nothing could.
// Whether those files are there is not looked at: CheckFiles does.
func Load(path string, env []string) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Faults{{Problem: err.Error()}}
	}
	c, faults := parse(data, env)
	if faults.on("") { // the file as a whole: what it names is not known
		return nil, faults.Err()
	}
	c.resolve(filepath.Dir(path), credentialsFolder(env))
	faults = append(faults, c.checkOpenPassword(path, env)...)
	return c, faults.Err()
}

// parse reads and judges. A key that could not be read is not judged as well: its value is
// not what the operator wrote.
func parse(data []byte, env []string) (*Config, Faults) {
	c, unread := read(data, env)
	if unread.on("") { // what the file lacks is not known
		return c, unread
	}
	faults := unread
	for _, f := range c.check() {
		if !unread.on(f.Key) {
			faults = append(faults, f)
		}
	}
	return c, faults
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

// read layers defaults, file and environment. A value that cannot be used is a fault, and
// the layer below it stands, so that checking can go on and finds the rest.
func read(data []byte, env []string) (*Config, Faults) {
	root := schema()
	values, faults := readYAML(root, data)

	v := viper.New()
	for key, value := range settings(root, reflect.ValueOf(Default())) {
		v.SetDefault(key, value)
	}
	if err := v.MergeConfigMap(values); err != nil {
		faults.add("", err.Error(), "")
	}
	faults = append(faults, applyEnv(v, root, env)...)

	c := new(Config)
	if err := v.Unmarshal(c, exactly); err != nil {
		// Every value was parsed into its type before: this is our own mistake.
		faults.add("", "internal: "+err.Error(), "")
	}
	return c, faults
}

// exactly makes viper's decoding strict: no guessing of types, nothing left over or unset.
func exactly(d *mapstructure.DecoderConfig) {
	d.DecodeHook = nil
	d.WeaklyTypedInput = false
	d.ErrorUnused = true
	d.ErrorUnset = true
}

// settings is a struct as the tree of plain values that viper works on.
func settings(f *field, value reflect.Value) map[string]any {
	m := make(map[string]any, len(f.fields))
	for i := range f.fields {
		c := &f.fields[i]
		switch v := value.Field(c.index); c.shape {
		case section:
			m[c.name] = settings(c, v)
		case list:
			entries := make([]any, v.Len())
			for i := range entries {
				entries[i] = settings(c, v.Index(i))
			}
			m[c.name] = entries
		default:
			m[c.name] = v.Interface()
		}
	}
	return m
}

// resolve makes the paths relative to dir, and those of credentials to their folder. ""
// stays: it says that there is no file. So do credentials if there is no such folder.
func (c *Config) resolve(dir, credentials string) {
	for _, f := range c.fileNames() {
		name, credential := strings.CutPrefix(*f.name, credentialPrefix)
		switch {
		case credential && credentials != "":
			*f.name = filepath.Join(credentials, name)
		case credential || *f.name == "" || filepath.IsAbs(*f.name):
		default:
			*f.name = filepath.Join(dir, *f.name)
		}
	}
}

// fileName is a key that names a file, and where its value is.
type fileName struct {
	key  string
	name *string
}

func (c *Config) fileNames() []fileName {
	names := []fileName{
		{"audit_log", &c.AuditLog},
		{"auth.master_key_file", &c.Auth.MasterKeyFile},
		{"calendar_file", &c.CalendarFile},
		{"store.path", &c.Store.Path},
		{"store.url_file", &c.Store.URLFile},
	}
	for i := range c.Keys {
		names = append(names, fileName{fmt.Sprintf("keys[%d].public_key_file", i), &c.Keys[i].PublicKeyFile})
	}
	return names
}
