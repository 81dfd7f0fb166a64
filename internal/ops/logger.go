package ops

import (
	"fmt"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger is the application log: JSON lines to w (standard error in the daemon), of the
// given level (debug, info, warn or error) and above, with times in UTC+8.
func NewLogger(level string, w io.Writer) (*zap.Logger, error) {
	l, err := ParseLevel(level)
	if err != nil {
		return nil, err
	}
	return NewLoggerAt(zap.NewAtomicLevelAt(l), w), nil
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(level string) (zapcore.Level, error) {
	l, err := zapcore.ParseLevel(level)
	if err != nil || l > zapcore.ErrorLevel {
		return l, fmt.Errorf("log level %q: want debug, info, warn or error", level)
	}
	return l, nil
}

// NewLoggerAt is NewLogger with a level that its owner can change while the log is in use.
func NewLoggerAt(level zap.AtomicLevel, w io.Writer) *zap.Logger {
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
