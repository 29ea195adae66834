package userpooltest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var importChecks = []storeCheck{
	{"import job", testImportJob},
	{"import jobs page by page", testImportPages},
	{"one of many claims an import", testImportClaims},
	{"import file", testImportFile},
	{"import failures", testImportFailures},
}

func (f *fixture) importJob(t *testing.T, pool userpool.PoolID, id string, status userpool.ImportStatus) *userpool.ImportJob {
	t.Helper()
	j := &userpool.ImportJob{Pool: pool, ID: id, Name: "job", Status: status, Created: f.now, Chunks: 2, Offset: 7, Line: 3, Imported: 1, Skipped: 2, Failed: 3}
	if err := f.CreateImport(ctx, j); err != nil {
		t.Fatal(err)
	}
	return j
}

func testImportJob(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	f.pool(t, "us-east-1_B")
	j := f.importJob(t, "us-east-1_A", "import-1", userpool.ImportCreated)
	if got, err := f.Import(ctx, "us-east-1_A", "import-1"); err != nil || *got != *j {
		t.Errorf("got %+v, %v; want %+v", got, err, j)
	}
	if _, err := f.Import(ctx, "us-east-1_B", "import-1"); !errors.Is(err, userpool.ErrNotFound) {
		t.Errorf("in another pool: %v", err)
	}
	if err := f.CreateImport(ctx, j); !errors.Is(err, userpool.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	no := errors.New("no")
	if _, err := f.UpdateImport(ctx, "us-east-1_A", "import-1", func(j *userpool.ImportJob) error { j.Line = 9; return no }); !errors.Is(err, no) {
		t.Errorf("failed update: %v", err)
	}
	got, err := f.UpdateImport(ctx, "us-east-1_A", "import-1", func(j *userpool.ImportJob) error { j.Status = userpool.ImportFailed; return nil })
	if err != nil || got.Status != userpool.ImportFailed || got.Line != 3 {
		t.Errorf("update: %+v, %v", got, err)
	}
	if err := f.DeletePool(ctx, "us-east-1_A"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Import(ctx, "us-east-1_A", "import-1"); !errors.Is(err, userpool.ErrNotFound) {
		t.Errorf("after its pool: %v", err)
	}
}

func testImportPages(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	for i := range 5 {
		f.importJob(t, "us-east-1_A", fmt.Sprint("import-", i), userpool.ImportCreated)
	}
	var seen []string
	for after := ""; ; {
		jobs, next, err := f.Imports(ctx, "us-east-1_A", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			seen = append(seen, j.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	if want := []string{"import-0", "import-1", "import-2", "import-3", "import-4"}; !slices.Equal(seen, want) {
		t.Errorf("seen %v", seen)
	}
}

func testImportClaims(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	for i, status := range []userpool.ImportStatus{userpool.ImportCreated, userpool.ImportPending, userpool.ImportInProgress, userpool.ImportStopping, userpool.ImportSucceeded} {
		f.importJob(t, "us-east-1_A", fmt.Sprint("import-", i), status)
	}
	var mu sync.Mutex
	var seen []string
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				j, err := f.ClaimImport(ctx, f.now.Add(time.Minute))
				if errors.Is(err, userpool.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen = append(seen, j.ID)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(seen)
	if want := []string{"import-1", "import-2", "import-3"}; !slices.Equal(seen, want) {
		t.Errorf("claimed %v, want %v once", seen, want)
	}
	f.now = f.now.Add(30 * time.Second)
	if err := f.HoldImport(ctx, "us-east-1_A", "import-1", f.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(30 * time.Second)
	for range 2 {
		if j, err := f.ClaimImport(ctx, f.now.Add(time.Minute)); err != nil || j.ID == "import-1" {
			t.Errorf("after the claims ran out: %+v, %v", j, err)
		}
	}
	if j, err := f.ClaimImport(ctx, f.now.Add(time.Minute)); !errors.Is(err, userpool.ErrNotFound) {
		t.Errorf("a job that is held: %+v, %v", j, err)
	}
}

func testImportFile(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	f.importJob(t, "us-east-1_A", "import-1", userpool.ImportCreated)
	for _, data := range []string{"old", "new \x00\xff"} {
		if err := f.PutImportChunk(ctx, "us-east-1_A", "import-1", 0, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.ImportChunk(ctx, "us-east-1_A", "import-1", 0); err != nil || !bytes.Equal(got, []byte("new \x00\xff")) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := f.ImportChunk(ctx, "us-east-1_A", "import-1", 1); !errors.Is(err, userpool.ErrNotFound) {
		t.Errorf("a part that there is not: %v", err)
	}
	if err := f.DeleteImportFile(ctx, "us-east-1_A", "import-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ImportChunk(ctx, "us-east-1_A", "import-1", 0); !errors.Is(err, userpool.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func testImportFailures(t *testing.T, f *fixture) {
	f.pool(t, "us-east-1_A")
	f.importJob(t, "us-east-1_A", "import-1", userpool.ImportInProgress)
	all := []userpool.ImportFailure{{Line: 2, Username: "bob", Reason: "a"}, {Line: 10, Username: "", Reason: "b"}}
	for range 2 { // by a node that died, and by the next one
		if err := f.AddImportFailures(ctx, "us-east-1_A", "import-1", all); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.ImportFailures(ctx, "us-east-1_A", "import-1", 0, 5); err != nil || !slices.Equal(got, all) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := f.ImportFailures(ctx, "us-east-1_A", "import-1", 2, 1); err != nil || !slices.Equal(got, all[1:]) {
		t.Errorf("after line 2: %+v, %v", got, err)
	}
}
