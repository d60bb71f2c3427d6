package telegram

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"unrollbot/bot"
)

// maxUpdate caps an update that comes by webhook, in bytes. A message is at
// most 4,096 characters with entities, and one replied to.
const maxUpdate = 1 << 20

// secretHeader carries what was agreed with setWebhook.
const secretHeader = "X-Telegram-Bot-Api-Secret-Token" //nolint:gosec // a header's name

// Webhook is where Telegram's updates are taken when WebhookURL is set, and
// the path to serve it at.
func (a *Adapter) Webhook() (path string, h http.Handler) {
	if u, err := url.Parse(a.cfg.WebhookURL); err == nil && u.Path != "" {
		path = u.Path
	} else {
		path = "/"
	}
	return path, http.HandlerFunc(a.serveUpdate)
}

// serveUpdate takes one update. Telegram sends it again, later and later,
// until the answer is of the 200s; so it is only for an update that was taken
// or never will be.
func (a *Adapter) serveUpdate(w http.ResponseWriter, r *http.Request) {
	secret := []byte(r.Header.Get(secretHeader))
	switch {
	case subtle.ConstantTimeCompare(secret, []byte(a.cfg.WebhookSecret)) != 1:
		http.Error(w, "wrong secret", http.StatusUnauthorized)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "updates are posted", http.StatusMethodNotAllowed)
		return
	case a.me.Load() == nil:
		busy(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			http.Error(w, "update is too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "update is not whole", http.StatusBadRequest)
		return
	}
	if err := a.take(r.Context(), a.decode(body)); err != nil {
		if !errors.Is(err, bot.ErrBusy) && !errors.Is(err, bot.ErrClosed) {
			a.log.Warn("update was not taken", "err", err)
		}
		busy(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "busy, send it again", http.StatusServiceUnavailable)
}

// setWebhook are the parameters of the webhook.
type setWebhook struct {
	URL    string   `json:"url"`
	Secret string   `json:"secret_token"`
	Kinds  []string `json:"allowed_updates"`
}

// listen tells Telegram where to send updates and waits for ctx to end. The
// webhook stays: what happens meanwhile waits for the next start.
func (a *Adapter) listen(ctx context.Context) error {
	wait := newBackoff()
	for {
		err := a.api.call(ctx, "setWebhook", setWebhook{URL: a.cfg.WebhookURL, Secret: a.cfg.WebhookSecret, Kinds: kinds()}, nil)
		switch e := refused(err); {
		case err == nil:
			<-ctx.Done()
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case badToken(err):
			return tokenError(err)
		case e.Code == http.StatusBadRequest:
			return fmt.Errorf("telegram refuses the webhook address; it must be https on port 443, 80, 88 or 8443: %w", err)
		}
		if err := a.pause(ctx, wait, err); err != nil {
			return err
		}
	}
}
