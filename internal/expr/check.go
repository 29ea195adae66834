package expr

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// check refuses what the language allows and we do not: results that are no texts,
// and regular expressions that are costly, or not written out, which could come from a
// user.
func check(a *cel.Ast) error {
	if !readable(a.OutputType()) {
		return fmt.Errorf("%w: its result is %s, neither a text nor a list of texts", ErrCompile, a.OutputType())
	}
	var failure error
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == overloads.Matches && failure == nil {
			failure = checkPattern(e.AsCall())
		}
	}))
	return failure
}

// checkPattern judges the last argument of a call of matches.
func checkPattern(call ast.CallExpr) error {
	args := call.Args()
	if len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind {
		return fmt.Errorf("%w: the pattern of matches must be written out", ErrCompile)
	}
	text, ok := args[len(args)-1].AsLiteral().(types.String)
	if !ok {
		return fmt.Errorf("%w: the pattern of matches must be a text", ErrCompile)
	}
	if _, err := Pattern(string(text)); err != nil {
		return fmt.Errorf("%w: the pattern of matches: %w", ErrCompile, err)
	}
	return nil
}

// readable reports whether texts can read a value of a type.
func readable(t *cel.Type) bool {
	switch t.Kind() {
	case types.StringKind, types.BoolKind, types.IntKind, types.UintKind, types.NullTypeKind:
		return true
	case types.ListKind:
		return t.Parameters()[0].Kind() == types.StringKind || empty(t)
	case types.OpaqueKind:
		return t.TypeName() == "optional_type" && readable(t.Parameters()[0])
	}
	return false
}

// empty reports whether a list can only be the empty one: nothing says of what.
func empty(t *cel.Type) bool {
	kind := t.Parameters()[0].Kind()
	return kind == types.TypeParamKind || kind == types.DynKind
}

// variables returns the names that an expression reads.
func variables(a *cel.Ast) map[string]bool {
	found := map[string]bool{}
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			found[e.AsIdent()] = true
		}
	}))
	return found
}
