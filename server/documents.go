package server

import "net/http"

// identityDocuments serves the discovery document and the keys of the tokens
// that identity pools issue.
func (s *Server) identityDocuments() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /identity/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		doc, err := s.Identity.Discovery()
		s.document(w, doc, err)
	})
	mux.HandleFunc("GET /identity/.well-known/jwks.json", func(w http.ResponseWriter, r *http.Request) {
		doc, err := s.Identity.JWKS(r.Context())
		s.document(w, doc, err)
	})
	return mux
}

// outboundDocuments serves the discovery document and the keys of the tokens by
// which others can tell who a principal of this account is.
func (s *Server) outboundDocuments() http.Handler {
	mux := http.NewServeMux()
	base := "GET /sts/" + s.cfg.Account + "/.well-known/"
	mux.HandleFunc(base+"openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		doc, err := s.STS.OutboundDiscovery()
		s.document(w, doc, err)
	})
	mux.HandleFunc(base+"jwks.json", func(w http.ResponseWriter, r *http.Request) {
		doc, err := s.STS.OutboundKeys(r.Context())
		s.document(w, doc, err)
	})
	return mux
}

func (s *Server) document(w http.ResponseWriter, doc []byte, err error) {
	if err != nil {
		s.log.Error("issuer documents", "err", err)
		plain(w, http.StatusServiceUnavailable, "Not available at the moment.\n")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(doc)
}
