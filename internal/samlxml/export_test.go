package samlxml

// EncryptFor encrypts any content as if it were an assertion.
func EncryptFor(e *Encryption, content string) string {
	wrapped, err := e.wrap(content)
	if err != nil {
		panic(err)
	}
	return wrapped
}

// Canonical lets tests compare our canonical form with others'.
var Canonical = canonical
