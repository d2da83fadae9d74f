/*
 * The grammar of .dtf.  Actions build nodes and nothing else; whether they
 * make sense is for dtfc's check.  Lists are built newest first and turned
 * round when they are complete.
 *
 * Which brace opens a block and which a literal, and where a newline ends a
 * statement, has been decided before tokens come here: see feed.c.  A SEMI
 * stands before every closing brace of a block.
 */
%name Parse
%token_prefix T_
%token_type { struct token }
%default_type { struct expr * }
%extra_argument { struct parse *p }
%stack_size 1000

%include {
#include <assert.h>

#include "build.h"
}

%fallback IDENT PACKAGE IMPORT CONST RECORD ENUM ERROR ACTIVITY EVENT WORKFLOW QUERY VERSION
	FAILS TIMEOUT DEADLINE HEARTBEAT RETRY BACKOFF FACTOR TAG PRIORITY CAPACITY FOREVER ID AS
	ON AFTER AT UNTIL LIMIT SETTLE WITH MAP.

/* Fits nowhere: what feed.c sends to make the parser recover. */
%token UNFIT.

%nonassoc LOWEST.
%left OR.
%left AND.
%right NOT.
%nonassoc EQ NE LT LE GT GE.
%right COALESCE.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%right NEGATION.
%left DOT LBRACKET LPAREN LITERAL_BRACE.

%syntax_error { feed_syntax_error(p); }
%stack_overflow { feed_too_deep(p); }
%parse_failure { p->failed = true; }

%code {
/*
 * Would the token be shifted now?  Walks the reductions that come first, on top
 * of the real stack: of what they push only states are kept, in `made`, above
 * the `real` lowest entries of the stack.
 */
bool parse_would_accept(void *parser, int kind) {
	const yyParser *yy = parser;
	enum { MADE_MAX = 100 };
	YYACTIONTYPE made[MADE_MAX];
	int n = (int)(yy->yytos - yy->yystack) + 1, real = n;
	while (n > 0 && n - real < MADE_MAX) {
		YYACTIONTYPE top = n > real ? made[n - real - 1] : yy->yystack[n - 1].stateno;
		YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)kind, top);
		if (action == YY_ERROR_ACTION || action == YY_NO_ACTION) {
			return false;
		}
		if (action == YY_ACCEPT_ACTION || action <= YY_MAX_SHIFTREDUCE) {
			return true;
		}
		unsigned rule = action - YY_MIN_REDUCE;
		n += yyRuleInfoNRhs[rule]; /* a negative number */
		real = n < real ? n : real;
		top = n > real ? made[n - real - 1] : yy->yystack[n - 1].stateno;
		made[n - real] = yy_find_reduce_action(top, yyRuleInfoLhs[rule]);
		n++;
	}
	return false;
}

/* Is the word only a keyword where it is expected? */
bool parse_is_contextual(int kind) {
	return ParseFallback(kind) != 0;
}

/* Behind an error, tokens are thrown away until one fits behind `error`. */
bool parse_recovering(void *parser) {
	const yyParser *yy = parser;
	return yy->yytos->major == YYERRORSYMBOL;
}
}

/* ---- declarations ---- */

file ::= items.
items ::= .
items ::= items SEMI.
items ::= items PACKAGE(K) IDENT(N) SEMI. { build_package(p, &K, &N); }
items ::= items decl(D) SEMI. { build_add_decl(p, D); }
items ::= items error SEMI. { yypParser->yyerrcnt = -1; }

%type decl { struct decl * }
decl(D) ::= IMPORT(K) string(S). { D = build_import(p, &K, S); }
decl(D) ::= CONST(K) IDENT(N) type_opt(T) ASSIGN expr(E). {
	D = build_decl(p, DECL_CONST, &K, &N);
	D->result = T;
	D->value = E;
}
decl(D) ::= RECORD(K) IDENT(N) LBRACE fields(F) RBRACE. {
	D = build_decl(p, DECL_RECORD, &K, &N);
	D->fields = build_reverse_fields(F);
}
decl(D) ::= ENUM(K) IDENT(N) LBRACE members(F) RBRACE. {
	D = build_decl(p, DECL_ENUM, &K, &N);
	D->fields = build_reverse_fields(F);
}
decl(D) ::= ERROR(K) IDENT(N). { D = build_decl(p, DECL_ERROR, &K, &N); }
decl(D) ::= ERROR(K) IDENT(N) params(F). {
	D = build_decl(p, DECL_ERROR, &K, &N);
	D->fields = F;
}
decl(D) ::= ACTIVITY(K) IDENT(N) params(F) result(T) fails(E) attributes_opt(A). {
	D = build_decl(p, DECL_ACTIVITY, &K, &N);
	D->fields = F;
	D->result = T;
	D->fails = E;
	D->attributes = A;
}
decl(D) ::= EVENT(K) IDENT(N) type_opt(T) attributes_opt(A). {
	D = build_decl(p, DECL_EVENT, &K, &N);
	D->result = T;
	D->attributes = A;
}
decl(D) ::= workflow_head(W) LBRACE(L) prologue(P) stmts(S) RBRACE(R). {
	D = W;
	build_workflow(p, D, &P, build_block(p, &L, S, &R));
}
decl(D) ::= workflow_head(W) LBRACE(L) prologue(P) stmts(S) error RBRACE(R). {
	yypParser->yyerrcnt = -1;
	D = W;
	build_workflow(p, D, &P, build_block(p, &L, S, &R));
}

%type workflow_head { struct decl * }
workflow_head(D) ::= WORKFLOW(K) IDENT(N) version(V) params(F) result(T) fails(E). {
	D = build_decl(p, DECL_WORKFLOW, &K, &N);
	build_version(D, &V);
	D->fields = F;
	D->result = T;
	D->fails = E;
}
%type version { struct token }
version(V) ::= . { V = (struct token){ 0 }; }
version(V) ::= VERSION INT(N). { V = N; }

%type prologue { struct prologue }
prologue(P) ::= . { P = (struct prologue){ 0 }; }
prologue(P) ::= prologue(Q) QUERY(K) IDENT(N) ARROW type(T) LBRACE expr(E) SEMI RBRACE SEMI. {
	P = Q;
	P.queries = build_query(p, Q.queries, &K, &N, T, E);
}
prologue(P) ::= prologue(Q) DEADLINE expr(E) SEMI. {
	P = Q;
	build_deadline(p, &P, E);
}

%type params { struct field * }
%type param_list { struct field * }
%type param { struct field * }
params(L) ::= LPAREN RPAREN. { L = NULL; }
params(L) ::= LPAREN param_list(P) comma_opt RPAREN. { L = build_reverse_fields(P); }
param_list(L) ::= param(A). { L = A; }
param_list(L) ::= param_list(B) COMMA param(A). { A->next = B; L = A; }
param(A) ::= IDENT(N) COLON type(T). { A = build_field(p, &N, T); }
comma_opt ::= .
comma_opt ::= COMMA.

%type fields { struct field * }
fields(L) ::= . { L = NULL; }
fields(L) ::= fields(B) param(A) line_end. { A->next = B; L = A; }
fields(L) ::= fields(B) error SEMI. { yypParser->yyerrcnt = -1; L = B; }
line_end ::= COMMA.
line_end ::= SEMI.
line_end ::= COMMA SEMI.

%type members { struct field * }
members(L) ::= . { L = NULL; }
members(L) ::= members(B) IDENT(N) line_end. {
	L = build_field(p, &N, NULL);
	L->next = B;
}
members(L) ::= members(B) error SEMI. { yypParser->yyerrcnt = -1; L = B; }

%type type { struct type_syntax * }
%type type_opt { struct type_syntax * }
%type result { struct type_syntax * }
type(T) ::= IDENT(N). { T = build_type_name(p, NULL, &N); }
type(T) ::= IDENT(P) DOT IDENT(N). { T = build_type_name(p, &P, &N); }
type(T) ::= LBRACKET(A) type(E) RBRACKET(B). {
	T = build_type_of(p, TYPE_SYNTAX_LIST, A.span, E, B.span);
}
type(T) ::= MAP(A) LBRACKET type(E) RBRACKET(B). {
	T = build_type_of(p, TYPE_SYNTAX_MAP, A.span, E, B.span);
}
type(T) ::= type(E) QUESTION(B). { T = build_type_of(p, TYPE_SYNTAX_OPTIONAL, E->span, E, B.span); }
type(T) ::= type(E) COALESCE(B). {
	/* `T??` is one token to the lexer and wrong to check, which says why. */
	struct span first = { B.span.at, 1 };
	T = build_type_of(p, TYPE_SYNTAX_OPTIONAL, E->span, E, first);
	T = build_type_of(p, TYPE_SYNTAX_OPTIONAL, E->span, T, B.span);
}
type_opt(T) ::= . { T = NULL; }
type_opt(T) ::= COLON type(E). { T = E; }
result(T) ::= . { T = NULL; }
result(T) ::= ARROW type(E). { T = E; }

%type fails { struct error_name * }
%type error_names { struct error_name * }
fails(L) ::= . { L = NULL; }
fails(L) ::= FAILS error_names(E). { L = build_reverse_errors(E); }
error_names(L) ::= qname(N). { L = build_error_name(p, NULL, &N); }
error_names(L) ::= error_names(B) COMMA qname(N). { L = build_error_name(p, B, &N); }

%type qname { struct qname }
qname(Q) ::= IDENT(N). [LOWEST] { Q = (struct qname){ .name = build_name(p, &N) }; }
qname(Q) ::= IDENT(P) DOT IDENT(N). {
	Q = (struct qname){ .package = build_name(p, &P), .name = build_name(p, &N) };
}

%type attributes_opt { struct attribute * }
%type attributes { struct attribute * }
%type attribute_lines { struct attribute * }
%type attribute { struct attribute * }
attributes_opt(L) ::= . { L = NULL; }
attributes_opt(L) ::= attributes(A). { L = A; }
attributes(L) ::= LBRACE attribute_lines(A) RBRACE. { L = build_reverse_attributes(A); }
attribute_lines(L) ::= . { L = NULL; }
attribute_lines(L) ::= attribute_lines(B) attribute(A) line_end. { A->next = B; L = A; }
attribute_lines(L) ::= attribute_lines(B) error SEMI. { yypParser->yyerrcnt = -1; L = B; }
attribute(A) ::= TIMEOUT(K) expr(E). { A = build_attribute(p, ATTRIBUTE_TIMEOUT, &K, E); }
attribute(A) ::= DEADLINE(K) expr(E). { A = build_attribute(p, ATTRIBUTE_DEADLINE, &K, E); }
attribute(A) ::= HEARTBEAT(K) expr(E). { A = build_attribute(p, ATTRIBUTE_HEARTBEAT, &K, E); }
attribute(A) ::= TAG(K) expr(E). { A = build_attribute(p, ATTRIBUTE_TAG, &K, E); }
attribute(A) ::= PRIORITY(K) expr(E). { A = build_attribute(p, ATTRIBUTE_PRIORITY, &K, E); }
attribute(A) ::= CAPACITY(K) expr(E). { A = build_attribute(p, ATTRIBUTE_CAPACITY, &K, E); }
attribute(A) ::= RETRY(K) expr(E) backoff(B). { A = build_retry(p, &K, E, NULL, &B); }
attribute(A) ::= RETRY(K) FOREVER(F) backoff(B). { A = build_retry(p, &K, NULL, &F, &B); }
%type backoff { struct backoff }
backoff(B) ::= . { B = (struct backoff){ 0 }; }
backoff(B) ::= BACKOFF expr(X) DOTDOT expr(Y). { B = (struct backoff){ X, Y, NULL }; }
backoff(B) ::= BACKOFF expr(X) DOTDOT expr(Y) FACTOR expr(Z). { B = (struct backoff){ X, Y, Z }; }

/* ---- statements ---- */

%type block { struct block * }
block(B) ::= LBRACE(L) stmts(S) RBRACE(R). { B = build_block(p, &L, S, &R); }
block(B) ::= LBRACE(L) stmts(S) error RBRACE(R). {
	yypParser->yyerrcnt = -1;
	B = build_block(p, &L, S, &R);
}

%type stmts { struct stmt * }
stmts(L) ::= . { L = NULL; }
stmts(L) ::= stmts(B) SEMI. { L = B; }
stmts(L) ::= stmts(B) stmt(S) SEMI. { S->next = B; L = S; }
stmts(L) ::= stmts(B) error SEMI. {
	yypParser->yyerrcnt = -1;
	L = B;
}

%type stmt { struct stmt * }
%type simple { struct stmt * }
stmt(S) ::= simple(T). { S = T; }
stmt(S) ::= block(B). { S = build_stmt(p, STMT_BLOCK, B->span); S->u.block = B; }
simple(S) ::= LET(K) IDENT(N) type_opt(T) ASSIGN expr(E). { S = build_let(p, &K, &N, T, E); }
simple(S) ::= VAR(K) IDENT(N) type_opt(T) ASSIGN expr(E). { S = build_let(p, &K, &N, T, E); }
simple(S) ::= VAR(K) IDENT(N) COLON type(T). { S = build_let(p, &K, &N, T, NULL); }
simple(S) ::= expr(L) assign_op(O) expr(E). [LOWEST] { S = build_assign(p, L, &O, E); }
%type assign_op { struct token }
assign_op(O) ::= ASSIGN(K). { O = K; }
assign_op(O) ::= PLUS_ASSIGN(K). { O = K; }
assign_op(O) ::= MINUS_ASSIGN(K). { O = K; }
assign_op(O) ::= STAR_ASSIGN(K). { O = K; }
simple(S) ::= expr(E). [LOWEST] { S = build_expr_stmt(p, E); }
simple(S) ::= if(I). { S = I; }
simple(S) ::= WHILE(K) expr(E) block(B). {
	S = build_stmt(p, STMT_WHILE, build_join(K.span, E->span));
	S->u.loop.condition = E;
	S->u.loop.body = B;
}
simple(S) ::= LOOP(K) block(B). { S = build_stmt(p, STMT_LOOP, K.span); S->u.block = B; }
simple(S) ::= FOR(K) IDENT(N) IN expr(E) block(B). { S = build_for(p, &K, NULL, &N, E, NULL, B); }
simple(S) ::= FOR(K) IDENT(N) COMMA IDENT(V) IN expr(E) block(B). {
	S = build_for(p, &K, &N, &V, E, NULL, B);
}
simple(S) ::= FOR(K) IDENT(N) IN expr(E) DOTDOT expr(F) block(B). {
	S = build_for(p, &K, NULL, &N, E, F, B);
}
simple(S) ::= MATCH(K) expr(E) LBRACE match_arms(A) RBRACE. { S = build_match(p, &K, E, A); }
simple(S) ::= BREAK(K). { S = build_stmt(p, STMT_BREAK, K.span); }
simple(S) ::= CONTINUE(K). { S = build_stmt(p, STMT_CONTINUE, K.span); }
simple(S) ::= CONTINUE(K) WITH LPAREN args(A) RPAREN(R). {
	S = build_stmt(p, STMT_CONTINUE_WITH, build_join(K.span, R.span));
	S->u.args = A;
}
simple(S) ::= RETURN(K). { S = build_stmt(p, STMT_RETURN, K.span); }
simple(S) ::= RETURN(K) expr(E). [LOWEST] {
	S = build_stmt(p, STMT_RETURN, build_join(K.span, E->span));
	S->u.expr = E;
}
simple(S) ::= YIELD(K) expr(E). [LOWEST] {
	S = build_stmt(p, STMT_YIELD, build_join(K.span, E->span));
	S->u.expr = E;
}
simple(S) ::= FAIL(K). { S = build_fail(p, &K, NULL, NULL, NULL); }
simple(S) ::= FAIL(K) qname(Q). { S = build_fail(p, &K, &Q, NULL, NULL); }
simple(S) ::= FAIL(K) qname(Q) LPAREN args(A) RPAREN(R). { S = build_fail(p, &K, &Q, A, &R); }
simple(S) ::= TRY(K) block(B) catches(C) finally(F). { S = build_try(p, &K, B, C, F); }
simple(S) ::= UNDO(K) block(B). {
	S = build_stmt(p, STMT_UNDO, K.span);
	S->u.undo = build_undo(p, K.span, NULL, B);
}
simple(S) ::= SELECT(K) LBRACE arms(A) RBRACE. { S = build_select(p, &K, A); }
simple(S) ::= SLEEP(K) expr(E). [LOWEST] { S = build_sleep(p, &K, E, false); }
simple(S) ::= SLEEP(K) UNTIL expr(E). [LOWEST] { S = build_sleep(p, &K, E, true); }
simple(S) ::= WITHIN(K) expr(E) block(B). { S = build_within(p, &K, E, B, NULL); }
simple(S) ::= WITHIN(K) expr(E) block(B) ELSE block(C). { S = build_within(p, &K, E, B, C); }
simple(S) ::= SHIELD(K) block(B). { S = build_stmt(p, STMT_SHIELD, K.span); S->u.block = B; }
simple(S) ::= STATUS(K) expr(E). [LOWEST] {
	S = build_stmt(p, STMT_STATUS, build_join(K.span, E->span));
	S->u.expr = E;
}
simple(S) ::= LOG(K) IDENT(L) expr(E). [LOWEST] { S = build_log(p, &K, &L, E); }

%type if { struct stmt * }
%type else { struct stmt * }
if(S) ::= IF(K) expr(E) block(B) else(O). { S = build_if(p, &K, NULL, E, B, O); }
if(S) ::= IF(K) LET IDENT(N) ASSIGN expr(E) block(B) else(O). { S = build_if(p, &K, &N, E, B, O); }
else(O) ::= . { O = NULL; }
else(O) ::= ELSE block(B). { O = build_stmt(p, STMT_BLOCK, B->span); O->u.block = B; }
else(O) ::= ELSE if(I). { O = I; }

%type match_arms { struct match_arm * }
match_arms(L) ::= . { L = NULL; }
match_arms(L) ::= match_arms(B) SEMI. { L = B; }
match_arms(L) ::= match_arms(B) arg_list(V) FAT_ARROW block(S). {
	L = build_match_arm(p, B, V, NULL, S);
}
match_arms(L) ::= match_arms(B) ELSE(K) FAT_ARROW block(S). {
	L = build_match_arm(p, B, NULL, &K, S);
}
match_arms(L) ::= match_arms(B) arg_list(V) FAT_ARROW simple(S) SEMI. {
	L = build_match_arm(p, B, V, NULL, build_wrap(p, S));
}
match_arms(L) ::= match_arms(B) ELSE(K) FAT_ARROW simple(S) SEMI. {
	L = build_match_arm(p, B, NULL, &K, build_wrap(p, S));
}
match_arms(L) ::= match_arms(B) error SEMI. { yypParser->yyerrcnt = -1; L = B; }

%type catches { struct catch_arm * }
%type catch_names { struct catch_name * }
%type binder { struct token }
catches(L) ::= . { L = NULL; }
catches(L) ::= catches(B) CATCH(K) binder(A) block(C). { L = build_catch(p, B, &K, NULL, &A, C); }
catches(L) ::= catches(B) CATCH(K) catch_names(N) binder(A) block(C). {
	L = build_catch(p, B, &K, N, &A, C);
}
catch_names(L) ::= qname(Q). { L = build_catch_name(p, NULL, &Q); }
catch_names(L) ::= catch_names(B) COMMA qname(Q). { L = build_catch_name(p, B, &Q); }
binder(A) ::= . { A = (struct token){ 0 }; }
binder(A) ::= AS IDENT(N). { A = N; }
%type finally { struct block * }
finally(B) ::= . { B = NULL; }
finally(B) ::= FINALLY block(C). { B = C; }

%type arms { struct select_arm * }
arms(L) ::= . { L = NULL; }
arms(L) ::= arms(B) SEMI. { L = B; }
arms(L) ::= arms(B) ON(K) qname(Q) binder(A) guard(G) block(C). {
	L = build_arm(p, B, ARM_ON, &K, build_wait(p, &K, &Q), &A, G, C);
}
arms(L) ::= arms(B) AFTER(K) expr(E) guard(G) block(C). {
	L = build_arm(p, B, ARM_AFTER, &K, E, NULL, G, C);
}
arms(L) ::= arms(B) AT(K) expr(E) guard(G) block(C). {
	L = build_arm(p, B, ARM_AT, &K, E, NULL, G, C);
}
arms(L) ::= arms(B) do(D) binder(A) guard(G) block(C). {
	L = build_arm(p, B, ARM_DO, NULL, D, &A, G, C);
}
arms(L) ::= arms(B) call(D) binder(A) guard(G) block(C). {
	L = build_arm(p, B, ARM_CALL, NULL, D, &A, G, C);
}
arms(L) ::= arms(B) ELSE(K) block(C). { L = build_arm(p, B, ARM_ELSE, &K, NULL, NULL, NULL, C); }
arms(L) ::= arms(B) error SEMI. { yypParser->yyerrcnt = -1; L = B; }
guard(G) ::= . { G = NULL; }
guard(G) ::= IF expr(E). { G = E; }

/* ---- durable expressions ---- */

expr(E) ::= do(D). [LOWEST] { E = D; }
expr(E) ::= call(D). [LOWEST] { E = D; }
do(E) ::= DO(K) qname(Q) LPAREN args(A) RPAREN(R) with(W) undo(U). {
	E = build_step_parts(build_step(p, EXPR_DO, &K, &Q, A, &R), W, U);
}
call(E) ::= CALL(K) qname(Q) LPAREN args(A) RPAREN(R). {
	E = build_step(p, EXPR_CALL_WORKFLOW, &K, &Q, A, &R);
}
call(E) ::= CALL(K) qname(Q) LPAREN args(A) RPAREN(R) ID expr(I). [LOWEST] {
	E = build_step(p, EXPR_CALL_WORKFLOW, &K, &Q, A, &R);
	E->u.step->id = I;
}
expr(E) ::= SPAWN(K) qname(Q) LPAREN args(A) RPAREN(R). {
	E = build_step(p, EXPR_SPAWN, &K, &Q, A, &R);
}
expr(E) ::= SPAWN(K) qname(Q) LPAREN args(A) RPAREN(R) ID expr(I). [LOWEST] {
	E = build_step(p, EXPR_SPAWN, &K, &Q, A, &R);
	E->u.step->id = I;
}
expr(E) ::= WAIT(K) qname(Q). [LOWEST] { E = build_wait(p, &K, &Q); }
%type with { struct attribute * }
with(W) ::= . { W = NULL; }
with(W) ::= WITH attributes(A). { W = A; }
%type undo { struct undo * }
undo(U) ::= . { U = NULL; }
undo(U) ::= UNDO(K) block(B). { U = build_undo(p, K.span, NULL, B); }
undo(U) ::= UNDO(K) qname(Q) LPAREN args(A) RPAREN(R) with(W). {
	struct expr *step = build_step_parts(build_step(p, EXPR_DO, &K, &Q, A, &R), W, NULL);
	U = build_undo(p, build_join(K.span, R.span), step, NULL);
}

expr(E) ::= PARALLEL(K) parallel_options(O) block(B). { E = build_parallel(p, &K, &O, B); }
expr(E) ::= PARALLEL(K) parallel_options(O) FOR IDENT(N) IN expr(L) parallel_options(Q) block(B). {
	E = build_parallel_for(p, &K, &O, &Q, &N, L, B);
}
%type parallel_options { struct parallel_options }
parallel_options(O) ::= . { O = (struct parallel_options){ 0 }; }
parallel_options(O) ::= parallel_options(Q) SETTLE(K). { O = Q; O.settle = K.span; }
parallel_options(O) ::= parallel_options(Q) LIMIT expr(E). { O = build_limit(p, Q, E); }
parallel_options(O) ::= parallel_options(Q) UNTIL expr(E). { O = build_until(p, Q, E); }

/* ---- expressions ---- */

expr(E) ::= IDENT(N). { E = build_expr_name(p, &N); }
expr(E) ::= INT(N). { E = build_int(p, EXPR_INT, &N); }
expr(E) ::= DURATION(N). { E = build_int(p, EXPR_DURATION, &N); }
expr(E) ::= FLOAT(N). { E = build_float(p, &N); }
expr(E) ::= TRUE(N). { E = build_bool(p, &N, true); }
expr(E) ::= FALSE(N). { E = build_bool(p, &N, false); }
expr(E) ::= NONE(N). { E = build_expr(p, EXPR_NONE, N.span); }
expr(E) ::= string(S). { E = S; }
expr(E) ::= LPAREN(A) expr(X) RPAREN(B). {
	E = X;
	E->parenthesized = true;
	E->span = build_join(A.span, B.span);
}
expr(E) ::= LBRACKET(A) args(L) RBRACKET(B). { E = build_items(p, EXPR_LIST, A.span, L, B.span); }
expr(E) ::= LITERAL_BRACE(A) entries(L) RBRACE(B). {
	E = build_items(p, EXPR_MAP, A.span, L, B.span);
}
expr(E) ::= expr(T) LITERAL_BRACE values(L) RBRACE(B). { E = build_record(p, T, L, B.span); }
expr(E) ::= expr(X) DOT IDENT(N). { E = build_member(p, X, &N); }
expr(E) ::= expr(X) LBRACKET expr(I) RBRACKET(B). { E = build_index(p, X, I, B.span); }
expr(E) ::= IDENT(N) LPAREN args(A) RPAREN(R). { E = build_call(p, &N, NULL, A, R.span); }
expr(E) ::= PARSE_BRACKET(N) type(T) RBRACKET LPAREN args(A) RPAREN(R). {
	E = build_call(p, &N, T, A, R.span);
}
expr(E) ::= NOT(K) expr(X). { E = build_unary(p, OP_NOT, &K, X); }
expr(E) ::= MINUS(K) expr(X). [NEGATION] { E = build_unary(p, OP_NEGATE, &K, X); }
expr(E) ::= expr(X) OR(K) expr(Y). { E = build_binary(p, OP_OR, X, &K, Y); }
expr(E) ::= expr(X) AND(K) expr(Y). { E = build_binary(p, OP_AND, X, &K, Y); }
expr(E) ::= expr(X) EQ(K) expr(Y). { E = build_binary(p, OP_EQ, X, &K, Y); }
expr(E) ::= expr(X) NE(K) expr(Y). { E = build_binary(p, OP_NE, X, &K, Y); }
expr(E) ::= expr(X) LT(K) expr(Y). { E = build_binary(p, OP_LT, X, &K, Y); }
expr(E) ::= expr(X) LE(K) expr(Y). { E = build_binary(p, OP_LE, X, &K, Y); }
expr(E) ::= expr(X) GT(K) expr(Y). { E = build_binary(p, OP_GT, X, &K, Y); }
expr(E) ::= expr(X) GE(K) expr(Y). { E = build_binary(p, OP_GE, X, &K, Y); }
expr(E) ::= expr(X) COALESCE(K) expr(Y). { E = build_binary(p, OP_COALESCE, X, &K, Y); }
expr(E) ::= expr(X) PLUS(K) expr(Y). { E = build_binary(p, OP_ADD, X, &K, Y); }
expr(E) ::= expr(X) MINUS(K) expr(Y). { E = build_binary(p, OP_SUB, X, &K, Y); }
expr(E) ::= expr(X) STAR(K) expr(Y). { E = build_binary(p, OP_MUL, X, &K, Y); }
expr(E) ::= expr(X) SLASH(K) expr(Y). { E = build_binary(p, OP_DIV, X, &K, Y); }
expr(E) ::= expr(X) PERCENT(K) expr(Y). { E = build_binary(p, OP_MOD, X, &K, Y); }

string(S) ::= STRING(A). { S = build_string(p, &A); }
string(S) ::= string_open(O) STRING_END(B). { S = build_string_end(p, O, &B); }
string_open(S) ::= STRING_BEGIN(A) expr(E). { S = build_string_part(p, build_string(p, &A), E); }
string_open(S) ::= string_open(O) STRING_MIDDLE(A) expr(E). {
	S = build_string_part(p, build_string_text(p, O, &A), E);
}

%type args { struct argument * }
%type arg_list { struct argument * }
args(L) ::= . { L = NULL; }
args(L) ::= arg_list(A) comma_opt. { L = build_reverse_arguments(A); }
arg_list(L) ::= expr(E). { L = build_argument(p, NULL, NULL, NULL, E); }
arg_list(L) ::= arg_list(B) COMMA expr(E). { L = build_argument(p, B, NULL, NULL, E); }

%type entries { struct argument * }
%type entry_list { struct argument * }
entries(L) ::= . { L = NULL; }
entries(L) ::= entry_list(A). { L = build_reverse_arguments(A); }
entries(L) ::= entry_list(A) line_end. { L = build_reverse_arguments(A); }
entry_list(L) ::= expr(K) COLON expr(E). { L = build_argument(p, NULL, NULL, K, E); }
entry_list(L) ::= entry_list(B) line_end expr(K) COLON expr(E). {
	L = build_argument(p, B, NULL, K, E);
}

%type values { struct argument * }
%type value_list { struct argument * }
values(L) ::= . { L = NULL; }
values(L) ::= value_list(A). { L = build_reverse_arguments(A); }
values(L) ::= value_list(A) line_end. { L = build_reverse_arguments(A); }
value_list(L) ::= IDENT(N) COLON expr(E). { L = build_argument(p, NULL, &N, NULL, E); }
value_list(L) ::= value_list(B) line_end IDENT(N) COLON expr(E). {
	L = build_argument(p, B, &N, NULL, E);
}
