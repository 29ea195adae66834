package userpool_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const roleARN = "arn:aws:iam::000000000000:role/logs"

// importOf makes a job for a file and starts it.
func (e *estate) importOf(p *userpool.Pool, algorithm, file string) *userpool.ImportJob {
	e.Helper()
	j, err := e.CreateImport(e.Context(), p.ID, "job", roleARN, algorithm)
	e.ok(err)
	token, err := e.ImportUploadToken(j)
	e.ok(err)
	e.ok(e.Upload(e.Context(), token, strings.NewReader(file)))
	j, err = e.StartImport(e.Context(), p.ID, j.ID)
	e.ok(err)
	return j
}

// run runs all jobs that wait and returns one.
func (e *estate) run(j *userpool.ImportJob) *userpool.ImportJob {
	e.Helper()
	for {
		found, err := e.RunImport(e.Context())
		e.ok(err)
		if !found {
			break
		}
	}
	j, err := e.Import(e.Context(), j.Pool, j.ID)
	e.ok(err)
	return j
}

func (e *estate) failures(j *userpool.ImportJob) string {
	e.Helper()
	list, err := e.Service.ImportFailures(e.Context(), j.Pool, j.ID, 0, 100)
	e.ok(err)
	text := ""
	for _, f := range list {
		text += fmt.Sprintf("%d %s: %s\n", f.Line, f.Username, f.Reason)
	}
	return text
}

func TestImport(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	e.member(e.newClient(p, nil), "here")
	j := e.run(e.importOf(p, "", "\ufeffcognito:username,email,email_verified,name,phone_number,phone_number_verified,cognito:mfa_enabled\r\n"+
		"ana,ana@example.com,TRUE,\"Ana, \"\"the\"\" one\",,,false\r\n"+
		"here,here@example.com,true,,,,\n"+
		"bo,bo@example.com,false,,,,false\n"+
		"cy,cy@example.com,true,,,,true\n"+
		"di,not an address,true,,,,\n"+
		"ed,ed@example.com,true\n"+
		"fa,fa@example.com,true,,+15551234567,true,TRUE\n"+
		",x@example.com,true,,,,\n"+
		"gi,gi@example.com,true,=1+1,,,maybe\n"))
	if j.Status != userpool.ImportSucceeded || j.Imported != 2 || j.Skipped != 1 || j.Failed != 6 || !j.Completed.Equal(e.Now()) {
		t.Errorf("%+v", j)
	}
	want := "4 bo: The user has no verified address to get a code at.\n" +
		"5 cy: The second factor needs a phone number.\n" +
		"6 di: Invalid email address format.\n" +
		"7 : The row is not CSV, or has another number of columns than the header.\n" +
		"9 : Username is empty, too long, or has control characters.\n" +
		"10 gi: cognito:mfa_enabled must be true or false.\n"
	if got := e.failures(j); got != want {
		t.Errorf("failures\n%swant\n%s", got, want)
	}
	ana := e.user(p.ID, "ana")
	if ana.Status != userpool.ResetRequired || ana.Attributes["name"] != `Ana, "the" one` || ana.Attributes["email_verified"] != "true" || ana.Password != "" {
		t.Errorf("%+v", ana)
	}
	if !e.user(p.ID, "fa").MFA.SMS {
		t.Error("the second factor is not on")
	}
}

// A file larger than what is read at once, in which a row stands across two parts.
// A file of any size is imported in as much memory as a small one. POOLHOUSE_LONG makes
// it a million users.
func TestImportOfALargeFile(t *testing.T) {
	e, rows := newEstate(t), 2000
	if os.Getenv("POOLHOUSE_LONG") != "" {
		rows = 1_000_000
	}
	p := e.newPool(nil)
	j, err := e.CreateImport(e.Context(), p.ID, "job", roleARN, "")
	e.ok(err)
	token, err := e.ImportUploadToken(j)
	e.ok(err)
	e.ok(e.Upload(e.Context(), token, manyRows(rows)))
	j, err = e.StartImport(e.Context(), p.ID, j.ID)
	e.ok(err)
	scale := &scales{Store: e.Store, before: heap()}
	e.Store = scale
	j = e.run(j)
	if j.Status != userpool.ImportSucceeded || j.Imported != int64(rows) || e.failures(j) != "" {
		t.Errorf("%+v %s", j, e.failures(j))
	}
	if most := uint64(32 << 20); scale.peak > most {
		t.Errorf("the import holds %d bytes", scale.peak)
	}
}

// manyRows is a file that nobody holds in memory.
func manyRows(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		fmt.Fprint(w, "cognito:username,email,email_verified,name\n")
		for i := range n {
			fmt.Fprintf(w, "user%d,user%d@example.com,true,%s\n", i, i, strings.Repeat("x", 10+i%30))
		}
		w.Close()
	}()
	return r
}

// scales weigh the heap now and then while users are made.
type scales struct {
	userpool.Store
	made         int
	before, peak uint64
}

func (s *scales) CreateUser(c ctx, u *userpool.User) error {
	if s.made++; s.made%1000 == 0 {
		s.peak = max(s.peak, max(heap(), s.before)-s.before)
	}
	return s.Store.CreateUser(c, u)
}

// heap is what is in use, in bytes, once nobody waits for the collector.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A job goes on where its node died: nothing is lost and nothing made twice.
func TestImportGoesOn(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	var file strings.Builder
	file.WriteString("cognito:username,email,email_verified\n")
	for i := range 350 {
		fmt.Fprintf(&file, "user%d,user%d@example.com,true\n", i, i)
	}
	file.WriteString("bad,,\n")
	j := e.importOf(p, "", file.String())
	store := e.Store
	for crashes := 0; ; crashes++ {
		e.Store = &dying{Store: store, left: 120}
		if _, err := e.RunImport(t.Context()); err == nil {
			break
		}
		if crashes > 10 {
			t.Fatal("the job gets nowhere")
		}
		e.clock.Advance(2 * time.Minute) // the dead node's claim runs out
	}
	e.Store = store
	j = e.run(j)
	if j.Status != userpool.ImportSucceeded || j.Imported+j.Skipped != 350 || j.Failed != 1 || e.failures(j) != "352 bad: The user has no verified address to get a code at.\n" {
		t.Errorf("%+v %s", j, e.failures(j))
	}
	for i := range 350 {
		e.user(p.ID, fmt.Sprint("user", i))
	}
}

// A dying store works for some users and then no more.
type dying struct {
	userpool.Store
	left int
}

func (d *dying) CreateUser(c ctx, u *userpool.User) error {
	if d.left--; d.left < 0 {
		return errDead
	}
	return d.Store.CreateUser(c, u)
}

func TestImportRefusesFiles(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	for file, want := range map[string]string{
		"email\nx":                                 "The header has no column cognito:username.",
		"cognito:username,custom:none\n":           `The header has an unknown column: "custom:none".`,
		"cognito:username,email,email\n":           "The header has a column twice: email.",
		"cognito:username,cognito:password_hash\n": `The header has an unknown column: "cognito:password_hash".`,
		`"cognito`:                   "The file has no header.",
		strings.Repeat("x", 200_000): "The file has no header.",
	} {
		if j := e.run(e.importOf(p, "", file)); j.Status != userpool.ImportFailed || j.Message != want {
			t.Errorf("%.40q: %s %q, want %q", file, j.Status, j.Message, want)
		}
	}
	j := e.run(e.importOf(p, "", "cognito:username,email,email_verified\nok,ok@example.com,true\n\""+strings.Repeat("\n", 200_000)))
	if j.Imported != 1 || !strings.Contains(e.failures(j), "3 : The row is too long.") {
		t.Errorf("%+v %s", j, e.failures(j))
	}
}

func TestImportUploads(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	j, err := e.CreateImport(t.Context(), p.ID, "job", roleARN, "")
	e.ok(err)
	token, err := e.ImportUploadToken(j)
	e.ok(err)
	_, err = e.StartImport(t.Context(), p.ID, j.ID)
	e.refused(err, userpool.ErrPrecondition, "No file was uploaded")
	e.refused(e.Upload(t.Context(), token[:len(token)-2]+"AA", strings.NewReader("x")), userpool.ErrNotAuthorized, "not valid")
	e.refused(e.Upload(t.Context(), token, &endless{}), userpool.ErrInvalidParameter, "larger than 100 MiB")
	_, err = e.StartImport(t.Context(), p.ID, j.ID)
	e.refused(err, userpool.ErrPrecondition, "No file was uploaded")
	e.ok(e.Upload(t.Context(), token, strings.NewReader("cognito:username\n")))
	_, err = e.StopImport(t.Context(), p.ID, j.ID)
	e.refused(err, userpool.ErrPrecondition, "not running")
	_, err = e.StartImport(t.Context(), p.ID, j.ID)
	e.ok(err)
	e.refused(e.Upload(t.Context(), token, strings.NewReader("x")), userpool.ErrNotAuthorized, "not valid")
	stopped, err := e.StopImport(t.Context(), p.ID, j.ID)
	if e.ok(err); stopped.Status != userpool.ImportStopping {
		t.Errorf("%+v", stopped)
	}
	if j = e.run(j); j.Status != userpool.ImportStopped {
		t.Errorf("%+v", j)
	}
	late, err := e.CreateImport(t.Context(), p.ID, "job", roleARN, "")
	e.ok(err)
	if token, err = e.ImportUploadToken(late); err != nil {
		t.Fatal(err)
	}
	e.clock.Advance(15 * time.Minute)
	e.refused(e.Upload(t.Context(), token, strings.NewReader("x")), userpool.ErrNotAuthorized, "not valid")
	e.clock.Advance(24 * time.Hour)
	if late, err = e.Import(t.Context(), p.ID, late.ID); err != nil || late.Status != userpool.ImportExpired {
		t.Errorf("%+v, %v", late, err)
	}
	_, err = e.StartImport(t.Context(), p.ID, late.ID)
	e.refused(err, userpool.ErrPrecondition, "expired")
	_, err = e.Import(t.Context(), p.ID, "import-none")
	e.refused(err, userpool.ErrNotFound, "import-none does not exist")
	mute := e.newPool(func(p *userpool.Pool) { p.AutoVerified = nil })
	_, err = e.CreateImport(t.Context(), mute.ID, "job", roleARN, "")
	e.refused(err, userpool.ErrPrecondition, "must verify")
}

// An endless file has no end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// A file of another encoding, such as spreadsheets write, or with bytes that no
// database takes, has failed rows; it does not keep a node busy for ever.
func TestImportOfWhatIsNoText(t *testing.T) {
	for name, e := range map[string]*estate{"SQLite": newEstate(t), "PostgreSQL": onPostgres(t)} {
		p := e.newPool(nil)
		j := e.run(e.importOf(p, "", "cognito:username,email,email_verified,name\njos\xe9,j@example.com,true,\nok,ok@example.com,true,\n"+
			"nu\x00l,n@example.com,true,\nann,a@example.com,true,\xff\n"+strings.Repeat("long", 5000)+",l@example.com,true,\n"))
		want := "2 : The row is not UTF-8 text: column cognito:username.\n4 : The row is not UTF-8 text: column cognito:username.\n" +
			"5 : The row is not UTF-8 text: column name.\n" +
			"6 " + strings.Repeat("long", 32) + ": Username is empty, too long, or has control characters.\n"
		if got := e.failures(j); got != want || j.Status != userpool.ImportSucceeded || j.Imported != 1 || j.Failed != 4 {
			t.Errorf("%s: %+v\n%s", name, j, got)
		}
	}
}

// onPostgres is an estate on PostgreSQL, which takes no bytes that are not text.
func onPostgres(t testing.TB) *estate {
	t.Helper()
	e := newEstate(t)
	e.Store = sqlstoretest.Postgres(t, e.clock.Now).Userpool(e.Keys)
	return e
}

// Failed rows are listed up to a bound and counted beyond it.
func TestImportListsSomeFailures(t *testing.T) {
	e := newEstate(t)
	j := e.run(e.importOf(e.newPool(nil), "", "cognito:username\n"+strings.Repeat("a,b\n", 10_250)))
	if j.Failed != 10_250 {
		t.Errorf("%+v", j)
	}
	list, err := e.Service.ImportFailures(t.Context(), j.Pool, j.ID, 9_990, 100)
	if e.ok(err); len(list) != 11 || list[10].Line != 10_001 {
		t.Errorf("%d after line 9990: %+v", len(list), list)
	}
}

// A broken upload leaves no file, not one of two halves; a job whose file is gone ends.
func TestImportUploadsThatBreak(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	j, err := e.CreateImport(t.Context(), p.ID, "job", roleARN, "")
	e.ok(err)
	token, err := e.ImportUploadToken(j)
	e.ok(err)
	e.ok(e.Upload(t.Context(), token, strings.NewReader("cognito:username\n")))
	gone, cancel := context.WithCancel(t.Context())
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 300<<10)), iotest.ErrReader(io.ErrClosedPipe))
	cancel()
	if err := e.Upload(gone, token, broken); err == nil {
		t.Error("a broken upload succeeded")
	}
	if err := e.Upload(t.Context(), token, broken); err == nil {
		t.Error("a broken upload succeeded")
	}
	_, err = e.StartImport(t.Context(), p.ID, j.ID)
	e.refused(err, userpool.ErrPrecondition, "No file was uploaded")
	j = e.importOf(p, "", "cognito:username,email,email_verified\nok,ok@example.com,true\n")
	e.ok(e.Store.DeleteImportFile(t.Context(), p.ID, j.ID))
	if j = e.run(j); j.Status != userpool.ImportFailed || j.Message != "The uploaded file is not there any more." {
		t.Errorf("%+v", j)
	}
}
