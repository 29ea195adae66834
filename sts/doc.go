// Package sts is the domain of cloud credentials: roles, users, policies and
// identity providers of an account, who may assume which role, and the
// temporary credentials that come of it. It knows neither HTTP nor SQL nor XML.
//
// Nothing is stored per credential. The session token is the session itself,
// sealed; the secret key is derived from it. Whoever presents a credential is
// judged by the role as it is at that moment, so a changed policy or a deleted
// role acts at once.
package sts
