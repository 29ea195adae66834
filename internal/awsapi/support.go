package awsapi

import (
	"bytes"
	"fmt"
	"io"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// WriteSupport writes docs/api-support.md: every modelled operation, and
// whether one of services serves it.
func WriteSupport(w io.Writer, services []Service) error {
	written := map[string]map[string]bool{}
	for _, s := range services {
		ops := map[string]bool{}
		for _, op := range s.Ops {
			ops[op.Name] = true
		}
		written[s.Name] = ops
	}
	var table, lists bytes.Buffer
	var total, done int
	for _, m := range models.All() {
		n := supportOf(&lists, m, written[m.Service])
		fmt.Fprintf(&table, "| %s | %s | %d | %d |\n", m.FullName, protocolNames[m.Protocol], n, len(m.Operations))
		total, done = total+len(m.Operations), done+n
	}
	var b bytes.Buffer
	b.WriteString("<!-- Generated from the operation tables. Do not edit. -->\n\n# API support\n\n")
	b.WriteString("An operation that is not written yet answers 501 `NotImplementedException` and names itself.\n\n")
	b.WriteString("| service | protocol | written | modelled |\n|---|---|---:|---:|\n")
	b.Write(table.Bytes())
	fmt.Fprintf(&b, "| all | | %d | %d |\n", done, total)
	b.Write(lists.Bytes())
	_, err := w.Write(b.Bytes())
	return err
}

// supportOf writes the list of one service and returns how much is written.
func supportOf(b *bytes.Buffer, m *models.Model, written map[string]bool) (n int) {
	fmt.Fprintf(b, "\n## %s (`%s`)\n\n| operation | |\n|---|---|\n", m.FullName, m.Service)
	for _, op := range m.Operations {
		state := "not yet"
		if written[op.Name] {
			state = "written"
			n++
		}
		fmt.Fprintf(b, "| %s | %s |\n", op.Name, state)
	}
	return n
}

var protocolNames = map[models.Protocol]string{
	models.JSON: "JSON 1.1", models.Query: "query/XML", models.RESTJSON: "REST-JSON",
}
