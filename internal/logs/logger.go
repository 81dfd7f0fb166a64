package logs

import (
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/internal/regulation"
)

// NewLogger is the application log: JSON lines to w (standard error in the daemon), of the
// level and above, with times in UTC+8. The level can be changed while the log is in use.
func NewLogger(level zap.AtomicLevel, w io.Writer) *zap.Logger {
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey:        "time",
		LevelKey:       "level",
		NameKey:        "logger",
		MessageKey:     "msg",
		StacktraceKey:  "stack",
		LineEnding:     "\n",
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeTime:     encodeTime,
		EncodeDuration: zapcore.StringDurationEncoder,
	})
	return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), level))
}

var layout = zapcore.TimeEncoderOfLayout(timeMillis)

func encodeTime(t time.Time, enc zapcore.PrimitiveArrayEncoder) { layout(t.In(regulation.Zone), enc) }
