package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"
)

const (
	uploadLife  = 15 * time.Minute // of the address to upload to
	importLife  = 24 * time.Hour   // of a job that is not started
	maxFile     = 100 << 20        // bytes
	importChunk = 256 << 10        // bytes
)

// The columns of a file besides attributes.
const (
	columnUsername = "cognito:username"
	columnMFA      = "cognito:mfa_enabled"
	columnHash     = "cognito:password_hash" // in jobs with an Algorithm
)

// CSVHeader lists the columns of a file for CreateImport: attributes in the order
// of the schema, whether the user has SMS as a second factor, and the name.
func (p *Pool) CSVHeader() []string {
	var list []string
	for _, a := range p.Schema {
		if a.Name != "sub" && a.Name != "identities" {
			list = append(list, a.Name)
		}
	}
	return append(list, columnMFA, columnUsername)
}

// CreateImport makes a job. Its file is put to ImportUploadToken's address.
func (s *Service) CreateImport(ctx context.Context, pool PoolID, name, role, algorithm string) (*ImportJob, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	if len(p.AutoVerified) == 0 && algorithm == "" {
		return nil, Fail(ErrPrecondition, "The user pool must verify e-mail addresses or phone numbers: imported users set a password with a code.")
	}
	j := &ImportJob{Pool: pool, ID: "import-" + randomText(10, digits+lowerLetters+upperLetters), Name: name, RoleARN: role,
		Algorithm: algorithm, Status: ImportCreated, Created: s.now()}
	return j, s.Store.CreateImport(ctx, j)
}

// Import returns a job as it stands now.
func (s *Service) Import(ctx context.Context, pool PoolID, id string) (*ImportJob, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	j, err := s.Store.Import(ctx, pool, id)
	return s.aged(j), namedImport(err, id)
}

func namedImport(err error, id string) error {
	return named(err, ErrNotFound, "User import job %s does not exist.", id)
}

// Imports lists the jobs of a pool.
func (s *Service) Imports(ctx context.Context, pool PoolID, token string, limit int) ([]*ImportJob, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	jobs, next, err := listPage(s, "imports/"+string(pool), token, limit, func(after string, limit int) ([]*ImportJob, string, error) {
		return s.Store.Imports(ctx, pool, after, limit)
	})
	for _, j := range jobs {
		s.aged(j)
	}
	return jobs, next, err
}

// aged shows a job that was never started, and cannot be any more, as expired.
func (s *Service) aged(j *ImportJob) *ImportJob {
	if j != nil && j.Status == ImportCreated && !s.now().Before(j.Created.Add(importLife)) {
		j.Status = ImportExpired
	}
	return j
}

// notImporting refuses what must not change under a job that runs.
func (s *Service) notImporting(ctx context.Context, pool PoolID) error {
	runs, err := s.Store.ImportRuns(ctx, pool)
	if err == nil && runs {
		return Fail(ErrImportInProgress, "User pool "+string(pool)+" cannot be changed while a user import job runs.")
	}
	return err
}

// ImportFailures returns up to limit rows of a job that became no users, after a line.
func (s *Service) ImportFailures(ctx context.Context, pool PoolID, id string, after, limit int) ([]ImportFailure, error) {
	if _, err := s.Import(ctx, pool, id); err != nil {
		return nil, err
	}
	return s.Store.ImportFailures(ctx, pool, id, after, limit)
}

// An uploadToken lets whoever holds it put the file of one job.
type uploadToken struct {
	Pool    PoolID
	ID      string
	Expires time.Time
}

const uploadAAD = "userpool/import-upload"

// ImportUploadToken returns what an upload's address carries; empty for a job that
// takes no file any more.
func (s *Service) ImportUploadToken(j *ImportJob) (string, error) {
	until := j.Created.Add(uploadLife)
	if j.Status != ImportCreated || !s.now().Before(until) {
		return "", nil
	}
	plain, err := json.Marshal(uploadToken{j.Pool, j.ID, until})
	if err != nil {
		return "", err
	}
	sealed, err := s.Keys.Seal(plain, uploadAAD)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

var errUpload = Fail(ErrNotAuthorized, "The address of the upload is not valid, or not any more.")

// Upload puts the file of the job that a token is for, in place of one that was put
// before. A file of more than 100 MiB is ErrInvalidParameter.
func (s *Service) Upload(ctx context.Context, token string, file io.Reader) error {
	t, err := s.openUpload(token)
	if err != nil {
		return err
	}
	// Until all of it is there the job has no file: parts of two must not make one.
	if err := s.setUpload(ctx, t, 0); err != nil {
		return err
	}
	n, err := s.putChunks(ctx, t, file)
	if err != nil {
		return errors.Join(err, s.dropUpload(context.WithoutCancel(ctx), t))
	}
	return s.setUpload(ctx, t, n)
}

// setUpload notes how many parts the file of a job has that was not started.
func (s *Service) setUpload(ctx context.Context, t *uploadToken, chunks int) error {
	_, err := s.Store.UpdateImport(ctx, t.Pool, t.ID, func(j *ImportJob) error {
		if j.Status != ImportCreated {
			return errUpload
		}
		j.Chunks = chunks
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return errUpload
	}
	return err
}

// dropUpload deletes what was put of a file, unless the job was started with one
// that another upload put.
func (s *Service) dropUpload(ctx context.Context, t *uploadToken) error {
	if err := s.setUpload(ctx, t, 0); err != nil {
		return err
	}
	return s.Store.DeleteImportFile(ctx, t.Pool, t.ID)
}

func (s *Service) openUpload(token string) (*uploadToken, error) {
	sealed, err := strictURL.DecodeString(token)
	if err != nil {
		return nil, errUpload
	}
	plain, err := s.Keys.Open(sealed, uploadAAD)
	if err != nil {
		return nil, errUpload
	}
	t := new(uploadToken)
	if err := json.Unmarshal(plain, t); err != nil || !s.now().Before(t.Expires) {
		return nil, errUpload
	}
	return t, nil
}

func (s *Service) putChunks(ctx context.Context, t *uploadToken, file io.Reader) (n int, err error) {
	buf := make([]byte, importChunk)
	for total := 0; ; n++ {
		size, err := io.ReadFull(file, buf)
		if total += size; total > maxFile {
			return 0, invalid("The file is larger than 100 MiB.")
		}
		if size > 0 {
			if err := s.Store.PutImportChunk(ctx, t.Pool, t.ID, n, slices.Clone(buf[:size])); err != nil {
				return 0, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return n + 1, nil
		case err != nil:
			return 0, err
		}
	}
}

// StartImport has a job run whose file was put.
func (s *Service) StartImport(ctx context.Context, pool PoolID, id string) (*ImportJob, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	j, err := s.Store.UpdateImport(ctx, pool, id, func(j *ImportJob) error {
		switch {
		case s.aged(j).Status == ImportExpired:
			return Fail(ErrPrecondition, "The import job has expired.")
		case j.Status != ImportCreated:
			return Fail(ErrPrecondition, "The import job was started before.")
		case j.Chunks == 0:
			return Fail(ErrPrecondition, "No file was uploaded for the import job.")
		}
		j.Status, j.Started = ImportPending, s.now()
		return nil
	})
	if err != nil {
		return nil, namedImport(err, id)
	}
	s.wakeImports()
	return j, nil
}

// StopImport ends a job that is under way, after the rows that are being added.
func (s *Service) StopImport(ctx context.Context, pool PoolID, id string) (*ImportJob, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	j, err := s.Store.UpdateImport(ctx, pool, id, func(j *ImportJob) error {
		if j.Status != ImportPending && j.Status != ImportInProgress {
			return Fail(ErrPrecondition, "The import job is not running.")
		}
		j.Status = ImportStopping
		return nil
	})
	if err == nil {
		s.wakeImports()
	}
	return j, namedImport(err, id)
}
