// Package browser shows pages of ours to a real browser: Chromium without a window, of Debian's package (test/ensure-tools.sh).
//
//	b := browser.Find(t)
//	b.Document(t, url)                                  // the document as the browser has it, scripts or none
//	b.Picture(t, url, browser.Look{Width: 390, Dark: true})
//	b.Show(t, url, browser.Look{})                      // both, and a PDF, as a reader would print it
//
// Each call is a process of its own with a profile of its own, in a temporary folder that the test removes. It asks no network
// for anything but the page. A call takes a second, and some on a busy machine; patience bounds it.
package browser
