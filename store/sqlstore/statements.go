package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"modernc.org/sqlite"
)

// SQLite parses and plans SQL text each time it is run, which costs more than a
// select by key itself. So each connection keeps what it has prepared, under the
// text, below database/sql: the stores need not know. The driver of PostgreSQL
// does the same on its own.

const (
	// keptStatements bounds the prepared statements of a connection. It is more
	// than there are constant texts; of those with a list of varying length
	// the least recently used goes.
	keptStatements = 160
	// longestKept bounds the text of a kept statement, in bytes. A longer one
	// writes so many rows that parsing it does not matter.
	longestKept = 4096
)

// A keeper makes connections that keep their prepared statements.
type keeper struct{ driver.Connector }

// keepStatements returns the connector of a SQLite data source.
func keepStatements(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return keeper{c}, err
}

// Connect implements driver.Connector.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlstore: %T lacks what database/sql may ask of it", c), c.Close())
	}
	return &keepingConn{sqliteConn: full, kept: map[string]*statement{}}, nil
}

// A sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A keepingConn is a connection with its prepared statements. database/sql
// calls it, and the rows of its queries, from one goroutine at a time.
type keepingConn struct {
	sqliteConn
	kept map[string]*statement
	tick int // of the last use of any statement
}

// A statement is prepared on one connection.
type statement struct {
	driver.Stmt
	used    int   // tick of the last use
	busy    bool  // its rows are being read
	order   []int // of its arguments; see positional
	inOrder bool
}

// ExecContext implements driver.ExecerContext.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(whole(ctx), s.arranged(args))
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(whole(ctx), s.arranged(args))
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{rows, s}, nil
}

// whole returns the context that a kept statement runs under: it takes microseconds,
// and to be ready to stop it, a goroutine each time, costs as much. A caller that goes
// away is noticed before it and after it.
func whole(ctx context.Context) context.Context {
	if ctx.Err() == nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows
	statement *statement
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	r.statement.busy = false
	return r.Rows.Close()
}

// statement returns the prepared form of a query, or nil for one that is to run
// without: because it is long, because its rows are being read, or because it has
// no arguments, as changes of the schema and scripts of several statements have none.
func (c *keepingConn) statement(ctx context.Context, query string, args []driver.NamedValue) (*statement, error) {
	if len(args) == 0 || len(query) > longestKept {
		return nil, nil
	}
	c.tick++
	s := c.kept[query]
	if s != nil && s.busy {
		return nil, nil
	}
	if s == nil {
		if err := c.makeRoom(); err != nil {
			return nil, err
		}
		text, order := positional(query)
		stmt, err := c.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		s = &statement{Stmt: stmt, order: order, inOrder: slices.IsSorted(order)}
		c.kept[query] = s
	}
	s.used = c.tick
	return s, nil
}

// makeRoom closes the statement that was not used for the longest time, if there
// are too many.
func (c *keepingConn) makeRoom() error {
	if len(c.kept) < keptStatements {
		return nil
	}
	oldest := ""
	for query, s := range c.kept {
		if !s.busy && (oldest == "" || s.used < c.kept[oldest].used) {
			oldest = query
		}
	}
	if oldest == "" {
		return nil // all are being read
	}
	s := c.kept[oldest]
	delete(c.kept, oldest)
	return s.Close()
}

// Close implements driver.Conn.
func (c *keepingConn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.Close())
	}
	c.kept = nil
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}
