// Package packages installs the packages in clean roots, as an operator does, and runs them there: the deb in a Debian made by
// debootstrap and booted by systemd-nspawn, so that a real systemd starts, watches and reloads the front; the rpm in the same Debian with
// Debian's rpm. `make packages-test` runs it, as root; without its flag the tests are skipped, since they take minutes.
//
// # What is proven
//
//   - Users, folders and modes are there after an installation, and no other package is needed. The unit is enabled and not started.
//   - systemctl start returns when the front accepts terminals (Type=notify); the watchdog is fed, and a front that is stopped
//     (SIGSTOP) is killed and started anew.
//   - With a newer package systemctl reload hands the front over, and with the older one back, while a session stays; a program that
//     cannot start makes the reload fail, and the front goes on. systemctl stop drains a front that took over. A master key
//     that is a credential of systemd's is there for both.
//   - Records are counted before and after each step, and after the removal: none is lost.
//   - Configuration that was edited is kept by each step.
//
// # What is not
//
// The older package is the same tree under an older version: a schema that differs is the migration tests' subject. The container
// has the host's kernel and no boot loader. The rpm is installed by Debian's rpm; no rpm distribution was booted.
//
// # Bounds, and what a killed run leaves
//
// One root of some 300 MB is kept in the folder of -cache, and each test has a copy, removed at its end. A killed run leaves
// its copy in the cache's folder; the container ends with the test's process.
package packages
