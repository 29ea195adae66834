package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Migrations are the files of both engines.
var Migrations = migrations

// BackupColumns returns the columns of every table of an export, true for a
// sealed one, and the tables that are left out, with none.
func BackupColumns() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, t := range backupTables {
		out[t.name] = map[string]bool{}
		for _, c := range t.columns {
			out[t.name][c.name] = c.sealed()
		}
	}
	for name := range backupLeftOut {
		out[name] = nil
	}
	return out
}

// SampleBackup returns an export with one record of every table, in which
// every field has a value of its own, but for those that refer to others.
func SampleBackup() []byte {
	var out bytes.Buffer
	out.WriteString(`{"type":"header","format":"poolhouse-export","version":1,"created":"2026-11-23T00:00:00Z"}` + "\n")
	counts := Counts{}
	for i, t := range backupTables {
		data := map[string]any{}
		for j, c := range t.columns {
			data[c.name] = sample(t, c, i*100+j)
		}
		line, err := json.Marshal(map[string]any{"type": t.kind, "data": data})
		if err != nil {
			panic(err)
		}
		out.Write(append(line, '\n'))
		counts[t.kind]++
	}
	end, err := json.Marshal(backupEnd{"end", counts})
	if err != nil {
		panic(err)
	}
	out.Write(append(end, '\n'))
	return out.Bytes()
}

func sample(t backupTable, c backupColumn, n int) any {
	owner := c.name == "owner" && c.form == asNumber || t.name+c.name == "userpool_usersseq"
	keys := []string{"id", "pool", "name", "client", "provider", "identity", "app"}
	switch {
	case owner:
		return 7
	case c.form == asNumber:
		return n
	case c.form == asFlag:
		return true
	case c.form == asBlob:
		return []byte(fmt.Sprintf("secret \x00\xff %d", n))
	case c.form == asDoc:
		return map[string]any{"text": fmt.Sprintf("secret <&> ü %d", n)}
	case slices.Contains(keys, c.name), c.name == "owner":
		return "same"
	}
	return fmt.Sprintf("secret <&> ü %d", n)
}
