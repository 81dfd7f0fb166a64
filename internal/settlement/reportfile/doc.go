// Package reportfile is the file that the monitoring centre gets, as bytes: its name, its lines, the
// manifest beside it, and how both get onto a disk and are read back. It knows no store and no ledger;
// which records belong into a file is decided by package settlement.
//
// # The file
//
// <期货公司统一标识>clientinfo<YYYYMMDD>.txt, UTF-8, one record a line, LF after each line,
// the last one too:
//
//	交易软件厂商ID@加密密钥版本@BASE64(terminal ciphertext)@BASE64(supplement ciphertext)
//
// BASE64 is the standard alphabet with padding and without line breaks. The third item is
// empty if the terminal sent nothing.
//
// # Invariants
//
//   - A Writer's file appears under its name whole, or not at all. A file of that name from
//     before is replaced in one step.
//   - A line that ParseLine or a Reader finds good is, byte for byte, what Line.Append makes of it.
//   - A Reader names each bad line with its number; it repairs none.
//
// # States of a Writer
//
//	Create ─▶ Write … ─▶ Finish ─▶ PutManifest ─▶ Commit ─▶ Discard
//
// Finish and PutManifest may be left out, and Discard may come at any time. After Finish all that can fail for want of
// room has failed. Commit alone gives the file its name.
//
// # If we crash
//
// Until Commit: a temporary file .<name><digits> is left beside the place of the report, and one of the manifest
// if that was being written. They may be removed; nothing reads them. After the rename in Commit and before
// the folder's fsync: after a power failure the old file, or none, may have the name. Commit has not returned then.
//
// # Bounds
//
// A Writer has fileBuffers of writeBuffer bytes on their way to the disk, a Reader has one buffer of ReadBuffer bytes.
// A manifest is read up to maxManifest bytes.
package reportfile
