package sqlstore

import (
	"database/sql/driver"
	"strconv"
	"strings"
)

// placeholders returns "($from, …)" with n members.
func placeholders(from, n int) string {
	return string(appendPlaceholders(nil, from, n))
}

// rowsOf returns the placeholders of so many rows of columns, from $1: "($1, $2), …".
func rowsOf(rows, columns int) string {
	var b []byte
	for i := range rows {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendPlaceholders(b, i*columns+1, columns)
	}
	return string(b)
}

func appendPlaceholders(b []byte, from, n int) []byte {
	for i := range n {
		sep := ", $"
		if i == 0 {
			sep = "($"
		}
		b = strconv.AppendInt(append(b, sep...), int64(from+i), 10)
	}
	return append(b, ')')
}

// positional rewrites a query for SQLite: each placeholder $1, $2 … becomes a bare
// "?". To SQLite $1 is a name, which the driver asks for and looks up at each run, the
// longer the more there are. order tells which argument each "?" stands for, from 0.
// A query where one stands twice, or which this does not understand, stays as it is,
// with a nil order.
func positional(query string) (text string, order []int) {
	var out strings.Builder
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			end := i + 1 + strings.IndexByte(query[i+1:], c) // a doubled quote begins the next text
			if end == i {
				return query, nil
			}
			out.WriteString(query[i : end+1])
			i = end + 1
		case c == '?' || strings.HasPrefix(query[i:], "--") || strings.HasPrefix(query[i:], "/*"):
			return query, nil
		case c == '$':
			n := digits(query[i+1:])
			number, err := strconv.Atoi(query[i+1 : i+1+n])
			if err != nil {
				return query, nil
			}
			out.WriteByte('?')
			order, i = append(order, number-1), i+1+n
		default:
			out.WriteByte(c)
			i++
		}
	}
	if !permutation(order) {
		return query, nil
	}
	return out.String(), order
}

// digits is the length of the number that s begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// permutation says whether order has each of its indexes once.
func permutation(order []int) bool {
	seen := make([]bool, len(order))
	for _, i := range order {
		if i < 0 || i >= len(order) || seen[i] {
			return false
		}
		seen[i] = true
	}
	return true
}

// arranged are the arguments of a statement in the order of its placeholders. It
// leaves those alone that stand in order already, or of which there is another number
// than the statement has: the driver refuses them.
func (s *statement) arranged(args []driver.NamedValue) []driver.NamedValue {
	if s.inOrder || len(args) != len(s.order) {
		return args
	}
	out := make([]driver.NamedValue, len(args))
	for place, i := range s.order {
		out[place] = driver.NamedValue{Ordinal: place + 1, Value: args[i].Value}
	}
	return out
}
