package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/test/pgtest"
)

// rowsVariable sets how many records BenchmarkExport makes.
const rowsVariable = "EXPORT_ROWS"

const (
	exportRows = 300_000
	exportDay  = 20260105
)

// BenchmarkExport writes the report of a large day with the real binary, and reads the
// same columns of the same rows by bare COPY … TO STDOUT, ordered as the report is and
// as they are stored. PostgreSQL and the reader share this machine. ratio is rows a second of
// the export, its start and the file included, to those of the ordered COPY; rss-MiB is
// the most memory that the export held.
func BenchmarkExport(b *testing.B) {
	rows := exportRows
	if testing.Short() {
		rows = 10_000
	}
	if s := os.Getenv(rowsVariable); s != "" {
		var err error
		if rows, err = strconv.Atoi(s); err != nil || rows < 1 {
			b.Fatalf("%s=%s: want a number of rows", rowsVariable, s)
		}
	}
	url := pgtest.StartIn(b, "").URL()
	s := newSite(b, url, "")
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(context.Background()) })
	synthesize(b, conn, rows)
	s.cli("", "report", "waive", "--day", strconv.Itoa(exportDay), "--reason", "no front made the rows of this benchmark")

	const columns = "SELECT record_id, login_time, vendor_id, key_version, terminal, supplement, flag, provisional FROM record"
	where := fmt.Sprintf(" WHERE trading_day = %d", exportDay)
	var export, ordered, bare time.Duration
	var rss int64
	n := 0
	for b.Loop() {
		n++
		took, peak := s.timedExport(b, rows)
		export, rss = export+took, max(rss, peak)
		ordered += copyOut(b, conn, columns+where+" ORDER BY record_id", rows)
		bare += copyOut(b, conn, columns+where, rows)
	}
	rate := func(d time.Duration) float64 { return float64(rows) * float64(n) / d.Seconds() }
	b.ReportMetric(rate(export), "export-rows/s")
	b.ReportMetric(rate(ordered), "copy-ordered-rows/s")
	b.ReportMetric(rate(bare), "copy-rows/s")
	b.ReportMetric(rate(export)/rate(ordered), "ratio")
	b.ReportMetric(float64(rss)/(1<<20), "rss-MiB")
}

// synthesize makes the records of a day on the server. Their RecordIDs grow as UUIDv7 do;
// the ciphertexts are digests, which nothing can compress.
func synthesize(b *testing.B, conn *pgx.Conn, rows int) {
	b.Helper()
	for _, statement := range []string{
		fmt.Sprintf("SELECT ensure_record_partition(%d)", exportDay),
		fmt.Sprintf(`INSERT INTO record (record_id, trading_day, login_time, vendor_id, key_version, terminal,
				supplement, flag, app_id, account, user_type, front_id, session_id)
			SELECT (lpad(to_hex(n), 12, '0') || '7000' || '8000' || substr(md5(n::text), 1, 12))::uuid,
				%d, 1767574800 + n %% 3600, 'TF01', '1.0',
				t || t || t || t || t || t || t || t, u || u || u || u || u || u || u || u,
				0, 'client_xsb_1.0', (10000000 + n %% 50000)::text, 1, 1, n
			FROM generate_series(1, %d) n, LATERAL (SELECT sha256(('t' || n)::bytea) AS t, sha256(('u' || n)::bytea) AS u) x`,
			exportDay, rows),
		"VACUUM (ANALYZE) record",
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
}

// timedExport is one `report export` and its peak memory in bytes.
func (s *site) timedExport(b *testing.B, rows int) (took time.Duration, rss int64) {
	b.Helper()
	dir := b.TempDir()
	cmd := exec.Command(binary, "report", "export", "--day", strconv.Itoa(exportDay), "--out", dir, "--config", s.config)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took = time.Since(begin)
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	report, err := os.ReadFile(filepath.Join(dir, reportfile.FileName("0001", exportDay)+".manifest.json"))
	if err != nil || !strings.Contains(string(report), fmt.Sprintf("\"rows\": %d,", rows)) {
		b.Fatalf("%v\n%s, want %d rows\n%s", err, report, rows, out)
	}
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	return took, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// copyOut reads a query by COPY in the server's text form and throws it away.
func copyOut(b *testing.B, conn *pgx.Conn, query string, rows int) time.Duration {
	b.Helper()
	begin := time.Now()
	tag, err := conn.PgConn().CopyTo(b.Context(), io.Discard, "COPY ("+query+") TO STDOUT")
	if err != nil || tag.RowsAffected() != int64(rows) {
		b.Fatalf("COPY: %v rows, %v", tag, err)
	}
	return time.Since(begin)
}
