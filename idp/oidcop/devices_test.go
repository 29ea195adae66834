package oidcop_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// remembering has the pool's devices stand for the second factor.
func (h *house) remembering(mode string, onPrompt bool) {
	h.t.Helper()
	h.handler.Hosted.Sealer = h.ring
	h.mfa(mode, func(p *userpool.Pool) {
		p.Devices = userpool.DeviceRules{Track: true, Challenge: true, OnPrompt: onPrompt}
	})
	h.changeUser("alice", withTOTP)
}

// withFactor signs alice in with both factors. A code is good once: it is a later one.
func (v *visitor) withFactor(form url.Values) {
	v.h.t.Helper()
	v.h.clock.Add(31 * time.Second)
	answer := v.h.totp(mfaSecret, 0)
	for name, values := range form {
		answer[name] = values
	}
	v.signedIn(v.post(v.toFactor(v.loginPage(nil), "alice", password), answer))
}

// again forgets the session, and reports whether the second factor is asked for.
func (v *visitor) again(user string) (asked bool, at *url.URL) {
	v.h.t.Helper()
	home, _ := url.Parse(v.h.url)
	for _, c := range v.client.Jar.Cookies(home) {
		if strings.HasPrefix(c.Name, "ph_session") {
			v.client.Jar.SetCookies(home, []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1}})
		}
	}
	at = where(v.post(v.loginPage(nil), credentials(user, password)))
	return strings.HasSuffix(at.Path, "/mfa"), at
}

func (h *house) devicesOf(u *userpool.User) []*userpool.Device {
	h.t.Helper()
	list, _, err := h.store.Devices(h.t.Context(), poolID, u.Sub, "", 10)
	h.must(err)
	return list
}

// TestRememberedBrowser: a browser that its user had remembered is not asked for the
// second factor, where the pool's devices stand for it; the session says how it came about.
func TestRememberedBrowser(t *testing.T) {
	for _, mode := range []string{userpool.MFAOptional, userpool.MFAOn} {
		h := open(t)
		h.remembering(mode, true)
		v := h.visitor()
		if page := v.get(v.toFactor(v.loginPage(nil), "alice", password)); !strings.Contains(page.text, `name="remember-device"`) {
			t.Fatalf("nothing to tick: %s", page.text)
		}
		v.withFactor(nil)
		if asked, _ := v.again("alice"); !asked {
			t.Error("remembered without a wish")
		}
		v.withFactor(url.Values{"remember-device": {"1"}})
		asked, at := v.again("alice")
		if asked {
			t.Fatalf("%s: asked again", mode)
		}
		id, _ := h.redeemed(t, where(v.get(at.String())).Query().Get("code"))
		if methods := fmt.Sprint(id["amr"]); methods != "[pwd device]" {
			t.Errorf("amr %s", methods)
		}
		list := h.devicesOf(h.alice)
		if len(list) != 1 || !list[0].Remembered || list[0].IP == "" {
			t.Fatalf("devices %+v", list)
		}
		h.must(h.store.DeleteDevice(t.Context(), poolID, h.alice.Sub, list[0].Key))
		if asked, _ = v.again("alice"); !asked {
			t.Error("a forgotten device still counts")
		}
	}
}

// TestRememberedBrowserByItself: a pool that does not ask its users remembers each.
func TestRememberedBrowserByItself(t *testing.T) {
	h := open(t)
	h.remembering(userpool.MFAOptional, false)
	v := h.visitor()
	if page := v.get(v.toFactor(v.loginPage(nil), "alice", password)); strings.Contains(page.text, `name="remember-device"`) {
		t.Error("a box that nothing follows from")
	}
	v.withFactor(nil)
	if asked, _ := v.again("alice"); asked {
		t.Error("asked again")
	}
}

// TestRememberedBrowserAttacks: the cookie is good for its user, its pool and this browser,
// for what the user and the pool still want, and is no second factor for who needs one.
func TestRememberedBrowserAttacks(t *testing.T) {
	h := open(t)
	h.remembering(userpool.MFAOptional, true)
	h.user(poolID, "bob", userpool.Confirmed)
	h.changeUser("bob", withTOTP)
	v := h.visitor()
	v.withFactor(url.Values{"remember-device": {"1"}})
	if asked, _ := v.again("bob"); !asked {
		t.Error("it counts for another user")
	}
	if asked, _ := v.again("alice"); asked {
		t.Fatal("it does not count for its own")
	}
	home, _ := url.Parse(h.url)
	kept := cookieNamed(v, home, "ph_devices_"+poolID)
	forger := h.visitor()
	forger.client.Jar.SetCookies(home, []*http.Cookie{{Name: "ph_devices_" + poolID, Value: kept[:len(kept)-4] + "AAAA", Path: "/"}})
	if asked, _ := forger.again("alice"); !asked {
		t.Error("a changed cookie counts")
	}
	wanted := authorizeURL(poolID, public, map[string]any{"acr_values": idp.ACRMultiFactor})
	login := where(v.get(wanted))
	if at := where(v.post(login.String(), credentials("alice", password))); !strings.HasSuffix(at.Path, "/mfa") {
		t.Errorf("an app that wants two factors gets one and a device: %s", at)
	}
	device := h.devicesOf(h.alice)[0]
	update := func(change func(*userpool.Device)) {
		_, err := h.store.UpdateDevice(t.Context(), poolID, h.alice.Sub, device.Key, func(d *userpool.Device) error { change(d); return nil })
		h.must(err)
	}
	update(func(d *userpool.Device) { d.Remembered = false })
	if asked, _ := v.again("alice"); !asked {
		t.Error("a device that is not remembered counts")
	}
	update(func(d *userpool.Device) { d.Remembered, d.Verifier = true, []byte("another") })
	if asked, _ := v.again("alice"); !asked {
		t.Error("another secret counts")
	}
	h.mfa(userpool.MFAOptional, func(p *userpool.Pool) { p.Devices.Challenge = false })
	if asked, _ := v.again("alice"); !asked {
		t.Error("it counts in a pool that does not want it")
	}
}

// TestSessionOfADeviceThatCountsNoMore: a pool that insists on a second factor, and lets
// devices stand for it no more, does not take the sessions that such a one began.
func TestSessionOfADeviceThatCountsNoMore(t *testing.T) {
	h := open(t)
	h.remembering(userpool.MFAOn, true)
	v := h.visitor()
	v.withFactor(url.Values{"remember-device": {"1"}})
	if asked, at := v.again("alice"); asked {
		t.Fatal("asked again")
	} else if at = where(v.get(at.String())); !at.Query().Has("code") {
		t.Fatalf("no sign-in: %s", at)
	}
	ask := func() bool { return where(v.get(authorizeURL(poolID, public, nil))).Query().Has("code") }
	if !ask() {
		t.Error("the session does not count")
	}
	h.mfa(userpool.MFAOn, func(p *userpool.Pool) { p.Devices.Challenge = false })
	if ask() {
		t.Error("the session of the device still counts")
	}
}

func cookieNamed(v *visitor, at *url.URL, name string) string {
	v.h.t.Helper()
	for _, c := range v.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	v.h.t.Fatalf("no cookie %s", name)
	return ""
}
