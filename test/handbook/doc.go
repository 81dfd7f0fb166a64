// Package handbook types what the pages tell a reader to type. Each page is a reader's afternoon: its commands run one after
// the other in a shell, in a folder with a firm of its own, and each must end with the exit status that the page lets its reader
// expect. Output that a page shows behind a prompt is compared by its words, since numbers and times differ.
//
// # What is a command
//
// In a block of console and in an indented block, a line behind `$ `, or behind `# ` where a program follows; in a block
// without a prompt, each line that begins with a program's name. What follows two spaces is explanation.
//
// # What does not run
//
// An HTML comment before the block gives the reason, and a reader of the page does not see it:
//
//	<!-- not run: it installs a unit of systemd -->              the whole block
//	<!-- not run `chown`: only root changes owners -->           its lines that begin so
//	<!-- run by TestQuickStart -->                               that test types it, or something of the same meaning
//
// A comment that is about no command, or names no test, fails. A page that has commands and no recipe in recipes_test.go
// fails. A translated page need not run again what the English page has, word for word.
//
// # Bounds
//
// A command that does not end within five minutes fails the page. Servers that a page starts in the foreground run on beside
// what follows, and end with the page: the shell's process group is killed.
package handbook
