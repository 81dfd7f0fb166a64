// Package opener opens many ciphertexts of a firm at once, as the monitoring centre does with a day's report: by OpenSSL, in a process
// that a test starts for all of them. That takes a third of what crypto/rsa does, and is another implementation than the product's.
package opener
