package web

import "net/http"

// CookieName is the name of a host cookie: with the __Host- prefix where cookies
// are Secure, plain on a plain-http address, where browsers would drop it.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// HostCookie returns a cookie that scripts cannot read and other sites' requests
// carry only when they navigate here.
func HostCookie(name, value string, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: CookieName(name, secure), Value: value, Path: "/",
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}
