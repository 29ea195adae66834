package server

// PagePatterns are the addresses of all pages and protocol endpoints.
func (s *Server) PagePatterns() []string { return s.pageMux.Patterns() }
