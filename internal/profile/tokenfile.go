package profile

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// KeepTokenFile keeps an ID token in a file, as AWS_WEB_IDENTITY_TOKEN_FILE names one,
// until the context ends or the sign-in does. SDKs read it whenever they take the role.
func (s *Session) KeepTokenFile(ctx context.Context, file string, log *slog.Logger) error {
	for first := true; ; first = false {
		wait, err := s.writeToken(ctx, file)
		switch {
		case err != nil && (first || errors.Is(err, ErrSignedOut)):
			return err
		case err != nil:
			log.Error("the token file was not renewed", "file", file, "error", err)
			wait = time.Minute
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(time.Second, wait)):
		}
	}
}

// writeToken writes the file and says for how long it is good.
func (s *Session) writeToken(ctx context.Context, file string) (time.Duration, error) {
	t, err := s.Tokens(ctx)
	if err != nil {
		return 0, err
	}
	return renewal(t.Issued, t.Expires).Sub(s.Now()), WriteFile(file, []byte(t.ID))
}
