package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	maxUpload  = 101 << 20        // bytes; what is above its own limit the domain refuses by name
	uploadTime = 15 * time.Minute // for a whole file, on a slow line
)

// uploadImport takes the file of a user import job, at the address that the job
// was given: whoever has that address may put the file.
func (s *Services) uploadImport(w http.ResponseWriter, r *http.Request) error {
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	err := s.Pools.Upload(r.Context(), r.URL.Query().Get("token"), r.Body)
	var f *userpool.Fault
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, userpool.ErrNotAuthorized) && errors.As(err, &f):
		return web.Fail(http.StatusForbidden, f.Text, err)
	case errors.As(err, &large):
		return web.Fail(http.StatusRequestEntityTooLarge, "The file is larger than 100 MiB.", err)
	case errors.As(err, &f):
		return web.Fail(http.StatusBadRequest, f.Text, err)
	}
	return err
}
