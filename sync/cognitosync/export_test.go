package cognitosync

// ForAll counts the operations that are served and for callers of any kind: those
// on the data of an identity.
func (a *API) ForAll() (n int) {
	for _, op := range a.Ops() {
		if callers[op.Name] == anyCaller {
			n++
		}
	}
	return n
}
