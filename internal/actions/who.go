package actions

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store"
)

// Identity is who runs this process.
type Identity struct {
	User string // under whose name it runs
	Real string // who logged in to the machine, if that is another; "" else
	Host string
}

// By is the operator in one text: user@host, or real(user)@host.
func (i Identity) By() string {
	return (&store.Action{User: i.User, RealUser: i.Real, Host: i.Host}).By()
}

// loginUID is where Linux says who logged in; the number is noLogin where no user did.
const (
	loginUID = "/proc/self/loginuid"
	noLogin  = "4294967295"
)

// Who is who runs this process. environ is its environment.
func Who(environ []string) (Identity, error) {
	host, err := os.Hostname()
	if err != nil {
		return Identity{}, fmt.Errorf("this machine's name: %w", err)
	}
	uid, err := files.Read(loginUID, int64(len(noLogin))+1)
	if err != nil {
		uid = nil // no Linux, or no /proc
	}
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return identity(host, name, string(uid), environ, userName), nil
}

func identity(host, name, uid string, environ []string, nameOf func(uid string) string) Identity {
	i := Identity{User: name, Host: host}
	if uid = strings.TrimSpace(uid); uid != "" && uid != noLogin {
		i.Real = nameOf(uid)
	} else {
		for _, v := range environ {
			if sudoer, is := strings.CutPrefix(v, "SUDO_USER="); is {
				i.Real = sudoer
			}
		}
	}
	if i.Real == i.User {
		i.Real = ""
	}
	return i
}

func userName(uid string) string {
	u, err := user.LookupId(uid)
	if err != nil {
		return "uid " + uid
	}
	return u.Username
}
