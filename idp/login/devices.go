package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// The browser's part of remembered devices: a cookie of the pool's own, sealed, with a
// secret for each user that had this browser remembered. Where the pool's devices stand
// for the second factor, it is not asked for there.
const (
	devicesCookie = "ph_devices_"
	maxDevices    = 5
	devicesLife   = 180 * 24 * 3600 // seconds
)

// Browsers are remembered as devices. *userpool.Auth remembers them.
type Browsers interface {
	RememberBrowser(ctx context.Context, p *userpool.Pool, u *userpool.User) (*userpool.BrowserDevice, error)
}

func devicesAAD(pool userpool.PoolID) string { return "login/devices/" + string(pool) }

// signingIn is origin for a step that may go past the second factor: with the devices
// that the browser shows. An app that may insist on how its user signed in, and whoever
// asks by a Gate, gets a second factor that was proved, so that one sign-in is enough
// for what they want.
func (h *Handler) signingIn(r *http.Request, v *visit) context.Context {
	ctx := h.origin(r)
	if v.wantsProof() {
		return ctx
	}
	return userpool.WithBrowserDevices(ctx, h.devices(r, v.pool.ID))
}

// devices reads the cookie. What is not ours is nothing.
func (h *Handler) devices(r *http.Request, pool userpool.PoolID) (list []userpool.BrowserDevice) {
	c, err := r.Cookie(web.CookieName(devicesCookie+string(pool), h.Forms.Secure))
	if err != nil || h.Sealer == nil || len(c.Value) > 4096 {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	plain, err := h.Sealer.Open(sealed, devicesAAD(pool))
	if err != nil || json.Unmarshal(plain, &list) != nil {
		return nil
	}
	return list[:min(len(list), maxDevices)]
}

// canRemember reports whether the page offers to remember the browser: where the pool
// leaves that to its users (DeviceOnlyRememberedOnUserPrompt).
func (h *Handler) canRemember(p *userpool.Pool) bool {
	return h.Sealer != nil && p.RemembersBrowsers() && p.Devices.OnPrompt
}

// rememberBrowser remembers the browser of a user who has just proved a second factor:
// if they wish it, or always where the pool does not ask.
func (h *Handler) rememberBrowser(w http.ResponseWriter, r *http.Request, v *visit, u *userpool.User) error {
	if h.Sealer == nil || !v.pool.RemembersBrowsers() || v.pool.Devices.OnPrompt && !r.PostForm.Has("remember-device") {
		return nil
	}
	made, err := h.Passwords.RememberBrowser(h.origin(r), v.pool, u)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(h.devices(r, v.pool.ID), func(d userpool.BrowserDevice) bool { return d.Sub == u.Sub })
	list = slices.Insert(list, 0, *made)
	plain, err := json.Marshal(list[:min(len(list), maxDevices)])
	if err != nil {
		return err
	}
	sealed, err := h.Sealer.Seal(plain, devicesAAD(v.pool.ID))
	if err != nil {
		return err
	}
	c := web.HostCookie(devicesCookie+string(v.pool.ID), base64.RawURLEncoding.EncodeToString(sealed), h.Forms.Secure)
	c.MaxAge = devicesLife
	http.SetCookie(w, c)
	return nil
}
