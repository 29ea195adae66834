// Package sp is what users sign in from: identity providers upstream. It knows no
// protocol. samlsp and oidcrp speak one each and say who arrived; what comes of an
// arrival, a user of the pool, is decided here.
package sp
