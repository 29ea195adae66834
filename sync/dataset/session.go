package dataset

import "errors"

// errExpired is kept apart from other faults of a token, because a listing may
// go on where a session has expired.
var errExpired = Fail(ErrInvalidParameter, "The token has expired.")

func badToken() error { return Fail(ErrInvalidParameter, "The token is not valid.") }

func foreignToken() error {
	return Fail(ErrNotAuthorized, "The token belongs to another identity or dataset.")
}

// open opens a token and checks that it is the owner's.
func (s *Service) open(key []byte, text string, kind tokenKind, owner Owner) (*token, error) {
	t, ok := decodeToken(key, text, kind)
	switch {
	case !ok:
		return nil, badToken()
	case t.Owner != owner:
		return nil, foreignToken()
	case !s.now().Before(t.Expires):
		return nil, errExpired
	}
	return t, nil
}

// openSession opens a SyncSessionToken for a dataset.
func (s *Service) openSession(key []byte, text string, owner Owner, dataset string) (*token, error) {
	t, err := s.open(key, text, sessionToken, owner)
	if err != nil {
		return nil, err
	}
	if t.Dataset != dataset {
		return nil, foreignToken()
	}
	return t, nil
}

// session returns the session that a listing belongs to: the one of the token
// sent along, or a new one.
func (s *Service) session(key []byte, in *ListInput) (string, error) {
	if in.SessionToken == "" {
		return string(random(16)), nil
	}
	t, err := s.openSession(key, in.SessionToken, in.Owner, in.Dataset)
	if errors.Is(err, errExpired) {
		return string(random(16)), nil
	}
	if err != nil {
		return "", err
	}
	return t.Session, nil
}
