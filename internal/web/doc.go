// Package web is the ground that every browser page stands on: handlers that
// return errors, pages rendered whole or not at all, security headers, the form
// token and cookies. It knows nothing of the domain.
package web
