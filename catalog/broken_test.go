package catalog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey/catalog"
)

// head is a sound beginning of six lines; what a case adds begins on line 7.
const head = `namespace: com.example.api
resources: {site: {}, page: {parent: site}}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Site Read, resource: site}
  - {id: 00000000000000000000000000000002, name: Page Write, resource: page}
  - {id: 00000000000000000000000000000003, name: Site Read, resource: account}
`

// tail is a sound operation for cases that are about something else.
const tail = `operations: [{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}}]
`

func TestBrokenCatalogues(t *testing.T) {
	ops := func(rows ...string) string { return head + "operations:\n  - " + strings.Join(rows, "\n  - ") + "\n" }
	tests := []struct {
		name, file string
		want       string // without "my.yaml:", lines joined by "\n"
	}{
		{"empty", "",
			`1: the catalogue is empty; start with resources, permission_groups and operations`},
		{"only a comment", "# nothing\n",
			`1: the catalogue is empty; start with resources, permission_groups and operations`},
		{"null", "---\n",
			`2: the catalogue is not a mapping; start with namespace: ..., resources: ...`},
		{"not yaml", "namespace: [\n",
			`1: not YAML: did not find expected node content; correct the syntax`},
		{"a list", "- a\n",
			`1: the catalogue is not a mapping; start with namespace: ..., resources: ...`},
		{"two documents", head + tail + "---\nmore: true\n",
			`8: a second YAML document begins here; keep one document in the file`},
		{"no sections", "namespace: com.example.api\n",
			`1: the catalogue has no permission_groups; add permission_groups: [...]` + "\n" +
				`1: the catalogue has no operations; add operations: [...]`},
		{"empty sections", "namespace: com.example.api\npermission_groups: []\noperations: []\n",
			`2: the catalogue has no permission_groups; add permission_groups: [...]` + "\n" +
				`3: the catalogue has no operations; add operations: [...]`},
		{"no namespace", strings.TrimPrefix(head, "namespace: com.example.api\n") + tail,
			`1: the catalogue without namespace; add namespace: ...`},
		{"bad namespace", strings.Replace(head, "com.example.api", "Example*", 1) + tail,
			`1: namespace "Example*" cannot begin a resource key; write something like com.example.api`},
		{"unknown section", head + tail + "operatoins: []\n",
			`8: unknown key "operatoins" in the catalogue; use one of namespace, base, ids, token_headers, resources, permission_groups, sets, roles, templates, operations, readers`},
		{"token headers", head + tail + "token_headers: [X API, Authorization, x-forwarded-for, X-API-Key, x-api-key, {}]\n",
			`8: token header "X API" is not a name of letters, digits and hyphens; name a field that only carries a key, such as X-API-Key` + "\n" +
				`8: token header Authorization has another meaning already; name a field that only carries a key, such as X-API-Key` + "\n" +
				`8: token header X-Forwarded-For has another meaning already; name a field that only carries a key, such as X-API-Key` + "\n" +
				`8: token header X-Api-Key is there twice; keep one` + "\n" +
				`8: token header is not a word or a text; write one value`},
		{"too many token headers", head + tail + "token_headers: [Key-A, Key-B, Key-C, Key-D, Key-E]\n",
			`8: more than 4 token headers; keep those that clients of the API use`},
		{"key twice", head + tail + "operations: []\n",
			`8: key "operations" occurs twice in the catalogue; keep one`},
		{"merge key", head + "operations: [{<<: {route: GET /sites}}]\n",
			`7: unknown key "<<" in operation; use one of route, any_of, access, target, items, paging, creates, deletes, renames, moves, upgrade, service_key` + "\n" +
				`7: operation without route; add route: ...`},

		{"type with a bad name", strings.Replace(head, "{site: {}", "{Site: {}, site: {}", 1) + tail,
			`2: a resource type cannot be called "Site"; use lower-case letters, digits and _, and none of list, create, under, in, caller, self`},
		{"type redefined", strings.Replace(head, "{site: {}", "{user: {}, site: {}", 1) + tail,
			`2: resource type "user" is defined twice (built in); remove this one or choose another name`},
		{"type with a reserved name", strings.Replace(head, "{site: {}", "{list: {}, site: {}", 1) + tail,
			`2: a resource type cannot be called "list"; use lower-case letters, digits and _, and none of list, create, under, in, caller, self`},
		{"type with an unknown parent", strings.Replace(head, "parent: site", "parent: book", 1) + tail,
			`2: resource type "page" does not descend from account: its parent is "book"; name account, or a type below it, as the parent`},
		{"type under user", strings.Replace(head, "parent: site", "parent: user", 1) + tail,
			`2: resource type "page" does not descend from account: its parent is "user"; name account, or a type below it, as the parent`},
		{"types in a circle", strings.Replace(head, "site: {}", "site: {parent: page}", 1) + tail,
			`2: resource type "site" does not descend from account: its parent is "page"; name account, or a type below it, as the parent`},
		{"two types spelled alike", strings.Replace(head, "parent: site", "key: account.site", 1) + tail,
			`2: resource types "site" and "page" are both spelled "com.example.api.account.site"; give one of them another key`},
		{"ids that look like keys", strings.Replace(head, "parent: site", "parent: site, key: account.site.page", 1) + tail,
			`2: an id of "site" could be read as a key of "page", which is spelled "com.example.api.account.site.page"; set ids: hex32 for site, or give page a key that does not begin with com.example.api.account.site`},
		{"key and scope", strings.Replace(head, "parent: site", "key: a, scope: b", 1) + tail,
			`2: resource type "page" has both key and scope; keep key (below the namespace) or scope (whole)`},
		{"bad scope", strings.Replace(head, "parent: site", "key: 'a.*'", 1) + tail,
			`2: resource type "page" would be spelled "com.example.api.a.*"; use words of lower-case letters, digits, _ and -, joined by dots`},
		{"unknown form of ids", strings.Replace(head, "parent: site", "ids: uuid", 1) + tail,
			`2: unknown form of ids "uuid"; use hex32 or any`},
		{"unknown key of a type", strings.Replace(head, "parent: site", "parents: site", 1) + tail,
			`2: unknown key "parents" in resource type page; use one of parent, key, scope, ids`},

		{"group without id", head + "  - {name: X Read, resource: site}\n" + tail,
			`7: permission group without id; add id: ...`},
		{"group with a bad id", head + "  - {id: 0000000000000000000000000000000A, name: X Read, resource: site}\n" + tail,
			`7: permission group id "0000000000000000000000000000000A" is not an id; write 32 lower-case hex digits, and never change them`},
		{"group id twice", head + "  - {id: 00000000000000000000000000000001, name: X Read, resource: site}\n" + tail,
			`7: permission group id 00000000000000000000000000000001 is defined twice (4); remove this one, or choose another`},
		{"group id of a built-in group", head + "  - {id: 686d18d5ac6c441c867cbf6771e58a0a, name: X Read, resource: site}\n" + tail,
			`7: permission group id 686d18d5ac6c441c867cbf6771e58a0a is defined twice (built in); remove this one, or choose another`},
		{"group name twice", head + "  - {id: 00000000000000000000000000000004, name: Site Read, resource: site}\n" + tail,
			`7: permission group "Site Read" for site is defined twice (4); remove this one, or choose another`},
		{"group redefines a built-in one", head + "  - {id: 00000000000000000000000000000004, name: API Tokens Write, resource: user}\n" + tail,
			`7: permission group "API Tokens Write" for user is defined twice (built in); remove this one, or choose another`},
		{"group of an unknown type", head + "  - {id: 00000000000000000000000000000004, name: X Read, resource: book}\n" + tail,
			`7: unknown resource type "book"; define it under resources, or use one of account, page, site, user`},
		{"group named like a set", head + "  - {id: 00000000000000000000000000000004, name: $x, resource: site}\n" + tail,
			`7: permission group name "$x" cannot be told from an id, a set or another name; use words with single spaces, not beginning with $`},
		{"group with unknown access", head + "  - {id: 00000000000000000000000000000004, name: X, resource: site, access: all}\n" + tail,
			`7: unknown access "all"; use read, write or other`},

		{"set of an unknown group", head + tail + "sets: {readers: [Book Read]}\n",
			`8: unknown permission group "Book Read"; define it under permission_groups, or correct the name`},
		{"unknown set", ops(`{route: "GET /sites/{id}", any_of: [$readers], target: {site: path.id}}`),
			`8: unknown set "$readers"; define it under sets, or correct the name`},

		{"role of an unknown group", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R, permissions: [page write]}]\n",
			`8: unknown permission group "page write"; write "Page Write"`},
		{"role of an ambiguous group", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R, permissions: [Site Read]}]\n",
			`8: permission group "Site Read" exists for site and for account; write {group: "Site Read", type: site}`},
		{"role of a user group", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R, permissions: [API Tokens Read]}]\n",
			`8: permission group "API Tokens Read" is for user, which every user has without a role; remove it`},
		{"role of some", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R, permissions: some}]\n",
			`8: permissions of role "R" are "some"; use all, read, or a list of permission groups`},
		{"role without permissions", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R}]\n",
			`8: role "R" without permissions; add permissions: all, read, or a list of permission groups`},
		{"role except what it has not", head + tail + "roles: [{id: 00000000000000000000000000000009, name: R, permissions: read, except: [Page Write]}]\n",
			`8: role "R" does not hold "Page Write" in the first place; remove it from except`},
		{"role redefines a built-in one", head + tail + "roles: [{id: 00000000000000000000000000000009, name: Administrator, permissions: all}]\n",
			`8: role "Administrator" is defined twice (built in); remove this one, or choose another`},

		{"template of an unknown group", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Book Read], resources: {site: all}}]\n",
			`8: unknown permission group "Book Read"; define it under permission_groups, or correct the name`},
		{"template without resources", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Page Write]}]\n",
			`8: template "T" without resources; add resources: {zone: choose} or the like`},
		{"template of another type", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Page Write, {group: Site Read, type: site}], resources: {site: all}}]\n",
			`8: template "T" has "Page Write" for page and no resources of that type; add page to its resources`},
		{"template with an idle type", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Page Write], resources: {page: choose, site: all}}]\n",
			`8: template "T" has resources of type site and no permission for them; remove site from its resources, or add a permission`},
		{"template with a bad choice", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Page Write], resources: {page: self}}]\n",
			`8: unknown choice "self" for page; use choose or all; for user, self`},
		{"template with an unknown type", head + tail + "templates: [{id: 00000000000000000000000000000009, name: T, permissions: [Page Write], resources: {page: all, book: all}}]\n",
			`8: unknown resource type "book"; define it under resources, or use one of account, page, site, user`},

		{"route without method", ops(`{route: "/sites/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: route "/sites/{id}" does not begin with a method; write METHOD /path; CONNECT, OPTIONS and TRACE cannot be granted`},
		{"route with a method that is never granted", ops(`{route: "OPTIONS /sites/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: route "OPTIONS /sites/{id}" does not begin with a method; write METHOD /path; CONNECT, OPTIONS and TRACE cannot be granted`},
		{"route with a method that HTTP does not have", ops(`{route: "PSOT /sites/{id}", any_of: [Site Read], target: {site: path.id}}`, `{route: "FETCH /sites/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: route "PSOT /sites/{id}" begins with PSOT, which is no method of HTTP; write GET, HEAD, POST, PUT, PATCH or DELETE` + "\n" +
				`9: route "FETCH /sites/{id}" begins with FETCH, which is no method of HTTP; write GET, HEAD, POST, PUT, PATCH or DELETE`},
		{"route without slash", ops(`{route: "GET sites/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: path "sites/{id}" does not begin with /, nor with the name of a host; write /path, or host.example.com/path in lower case and without a port`},
		{"route with an empty segment", ops(`{route: "GET /sites//{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: path "/sites//{id}" has an empty segment; remove the extra /; a request with a trailing / matches the route without it`},
		{"route with a dot segment", ops(`{route: "GET /sites/../{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: path "/sites/../{id}" has a dot segment; write the path that it stands for`},
		{"route with half a parameter", ops(`{route: "GET /sites/x-{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: path "/sites/x-{id}" has the segment "x-{id}"; use plain characters, or {name} for a whole segment, with lower-case letters, digits and _`},
		{"route with a parameter twice", ops(`{route: "GET /sites/{id}/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: route "GET /sites/{id}/{id}" has the parameter {id} twice; rename one of them`},
		{"route below /leastkey", ops(`{route: "GET /leastkey/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`8: route "GET /leastkey/{id}" is below /leastkey, which is Leastkey's own; choose another path`},
		{"base with a parameter", head + tail + "base: /{x}\n",
			`8: base "/{x}" has a parameter; move the parameter into the routes`},
		{"base with a slash at its end", head + tail + "base: /api/\n",
			`8: path "/api/" has an empty segment; remove the extra /; a request with a trailing / matches the route without it`},
		{"unknown key of an operation", ops(`{route: "GET /sites/{id}", anyof: [Site Read], target: {site: path.id}}`),
			`8: unknown key "anyof" in operation; use one of route, any_of, access, target, items, paging, creates, deletes, renames, moves, upgrade, service_key` + "\n" +
				`8: GET /sites/{id} accepts no permission group; add any_of: [...], or access: token with target: self`},

		{"unknown group", ops(`{route: "GET /sites/{id}", any_of: [site read], target: {site: path.id}}`),
			`8: unknown permission group "site read"; write "Site Read"`},
		{"group of another type", ops(`{route: "GET /sites/{id}", any_of: [Page Write], target: {site: path.id}}`),
			`8: permission group "Page Write" is for page, the target is site; name a group for site, or correct the target`},
		{"any_of empty", ops(`{route: "GET /sites/{id}", any_of: [], target: {site: path.id}}`),
			`8: GET /sites/{id} accepts no permission group; add any_of: [...], or access: token with target: self`},
		{"any_of absent", ops(`{route: "GET /sites/{id}", target: {site: path.id}}`),
			`8: GET /sites/{id} accepts no permission group; add any_of: [...], or access: token with target: self`},
		{"any_of a word", ops(`{route: "GET /sites/{id}", any_of: Site Read, target: {site: path.id}}`),
			`8: any_of is not a list; write [a, b, ...]`},
		{"access to a resource without permission", ops(`{route: "GET /sites/{id}", access: token, target: {site: path.id}}`),
			`8: GET /sites/{id} asks for no permission on its target; add any_of: [...], or target: self`},
		{"permission on the credential itself", ops(`{route: GET /self, any_of: [Site Read], target: self}`),
			`8: GET /self has target: self, for which permissions mean nothing; write access: token instead of any_of, or name the target`},
		{"access and any_of", ops(`{route: GET /self, any_of: [Site Read], access: token, target: self}`),
			`8: GET /self has both access and any_of; keep one`},
		{"unknown access", ops(`{route: GET /self, access: anyone, target: self}`),
			`8: unknown access "anyone"; use access: token, access: credential, access: nobody, or any_of: [...]`},

		{"operations not a list", head + "operations: {}\n",
			`7: operations is not a list; write [a, b, ...]`},
		{"operation not a mapping", ops("GET /sites"),
			`8: operation is not a mapping; write {key: value, ...}` + "\n" +
				`8: operation without route; add route: ...`},

		{"no target", ops(`{route: "GET /sites/{id}", any_of: [Site Read]}`),
			`8: GET /sites/{id} has no target; write target: {TYPE: path.NAME}, {list: TYPE}, either with in: {TYPE: path.NAME}, {create: TYPE, under: {TYPE: source}}, {caller: user} or self`},
		{"unknown target", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: all}`),
			`8: unknown target "all"; write target: {TYPE: path.NAME}, {list: TYPE}, either with in: {TYPE: path.NAME}, {create: TYPE, under: {TYPE: source}}, {caller: user} or self`},
		{"target of two types", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id, page: path.id}}`),
			`8: the target of GET /sites/{id} is not of a known form; write target: {TYPE: path.NAME}, {list: TYPE}, either with in: {TYPE: path.NAME}, {create: TYPE, under: {TYPE: source}}, {caller: user} or self`},
		{"target of an unknown type", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {book: path.id}}`),
			`8: unknown resource type "book"; define it under resources, or use one of account, page, site, user`},
		{"target not in the path", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.site_id}}`),
			`8: GET /sites/{id} has no path parameter "site_id"; name a parameter of the route, without braces`},
		{"target from nowhere", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: header.id}}`),
			`8: an id cannot be found at "header.id"; write path.NAME, query.NAME or body./POINTER, or one of these behind host. or above.TYPE.`},
		{"target from a bad query name", ops(`{route: "GET /sites", any_of: [Site Read], target: {site: "query.a b"}}`),
			`8: query parameter "a b" is not a plain name; use letters, digits, _, . and -`},
		{"target from a body that is not there", ops(`{route: "GET /sites", any_of: [Site Read], target: {site: body./id}}`),
			`8: GET /sites takes its target from a body, which such a request does not have; take it from the path or the query`},
		{"target from a bad pointer", ops(`{route: "POST /sites", any_of: [Site Read], target: {site: body.id}}`),
			`8: JSON pointer "id" does not begin with /; write body./account/id or the like (RFC 6901)`},
		{"target from a bad escape", ops(`{route: "POST /sites", any_of: [Site Read], target: {site: body./a~2}}`),
			`8: JSON pointer "/a~2" has a ~ that is not ~0 or ~1; write body./account/id or the like (RFC 6901)`},
		{"target from the whole body", ops(`{route: "POST /sites", any_of: [Site Read], target: {site: body.}}`),
			`8: the whole body is not an id; write body./account/id or the like (RFC 6901)`},
		{"caller of a type that never calls", ops(`{route: "GET /sites", any_of: [Site Read], target: {caller: site}}`),
			`8: a caller is never a "site"; write {caller: user} or {caller: account}`},

		{"list without items", ops(`{route: GET /sites, any_of: [Site Read], target: {list: site}}`),
			`8: GET /sites is a list and does not say where its items are; add items: {at: /result, id: /id}`},
		{"items without id", ops(`{route: GET /sites, any_of: [Site Read], target: {list: site}, items: {at: /result}}`),
			`8: items without id; add id: /result/... or the like`},
		{"items with a bad pointer", ops(`{route: GET /sites, any_of: [Site Read], target: {list: site}, items: {at: result, id: /id}}`),
			`8: at: JSON pointer "result" does not begin with /; write a pointer such as /result/id (RFC 6901)`},
		{"items of one resource", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}, items: {at: /result, id: /id}}`),
			`8: GET /sites/{id} is not a list and has items or paging; remove them, or write target: {list: TYPE}`},
		{"paging by nothing", ops(`{route: GET /sites, any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}, paging: {page: p, per_page: p, default: 50, most: 20}}`),
			`8: paging has a default above the most; raise most, or lower default` + "\n" +
				`8: paging has one query parameter for two things; name two`},
		{"paging with a bad count", ops(`{route: GET /sites, any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}, paging: {page: p, per_page: pp, default: 0, most: 20}}`),
			`8: default "0" is not a count; write a whole number from 1`},

		{"create without under", ops(`{route: POST /pages, any_of: [Page Write], target: {create: page}}`),
			`8: POST /pages creates resources of type page and does not say under which site; add under: {site: body./site/id} or the like`},
		{"create under another type", ops(`{route: POST /pages, any_of: [Page Write], target: {create: page, under: {account: body./id}}}`),
			`8: the parent of a page is of type site, not account; write under: {site: source}`},
		{"create under two", ops(`{route: POST /pages, any_of: [Page Write], target: {create: page, under: {}}}`),
			`8: under does not name one parent; write under: {site: source}`},
		{"create of an account under something", ops(`{route: POST /all, any_of: [Site Read], target: {create: account, under: {account: body./id}}}`),
			`8: nothing is the parent of a new account; remove under`},
		{"creates without create", ops(`{route: "POST /sites/{id}", any_of: [Site Read], target: {site: path.id}, creates: {id: /id}}`),
			`8: POST /sites/{id} creates something and its target is not a create; write target: {create: TYPE, under: {...}}; or creates: {type: TYPE, id: /id} for what is made below a target; or remove creates`},
		{"creates below a list", ops(`{route: POST /sites, any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}, creates: {type: page, id: /id}}`),
			`8: POST /sites creates something and its target is not a create; write target: {create: TYPE, under: {...}}; or creates: {type: TYPE, id: /id} for what is made below a target; or remove creates`},
		{"creates what is never below the target", ops(`{route: "POST /sites/{id}", any_of: [Site Read], target: {site: path.id}, creates: {type: site, id: /id}}`),
			`8: the parent of a site is not of type site; name a type whose parent the target is`},
		{"creates an unknown type", ops(`{route: "POST /sites/{id}", any_of: [Site Read], target: {site: path.id}, creates: {type: leaf, id: /id}}`),
			`8: unknown resource type "leaf"; define it under resources, or use one of account, page, site, user`},
		{"creates with two types", ops(`{route: POST /pages, any_of: [Page Write], target: {create: page, under: {site: body./id}}, creates: {type: page, id: /id}}`),
			`8: POST /pages says twice what it creates; remove type`},
		{"above an unknown type", ops(`{route: "GET /pages/{id}", any_of: [Site Read], target: {site: above.leaf.path.id}}`),
			`8: unknown resource type "leaf"; define it under resources, or use one of account, page, site, user`},
		{"above a type that is never below", ops(`{route: "GET /pages/{id}", any_of: [Page Write], target: {page: above.site.path.id}}`),
			`8: a site is never in a page; name a type that is below page under resources`},
		{"above nothing", ops(`{route: "GET /pages/{id}", any_of: [Site Read], target: {site: above.page}}`),
			`8: an id cannot be found at ""; write path.NAME, query.NAME or body./POINTER, or one of these behind host. or above.TYPE.`},
		{"deletes what is above", ops(`{route: "DELETE /pages/{id}", any_of: [Site Read], target: {site: above.page.path.id}, deletes: target}`),
			`8: DELETE /pages/{id} deletes its target, and what it names only leads there; remove deletes, or name the target by its id`},
		{"host of a host", ops(`{route: "GET /pages/{id}", any_of: [Site Read], target: {site: host.host.path.id}}`),
			`8: an id cannot be found at "host.path.id"; write path.NAME, query.NAME or body./POINTER, or one of these behind host. or above.TYPE.`},
		{"service key that is neither", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}, service_key: maybe}`),
			`8: service_key "maybe" is neither true nor false; write service_key: true`},
		{"service key without permission", ops(`{route: GET /me, access: credential, target: self, service_key: true}`),
			`8: GET /me takes service keys, and no permission bounds what they do; write any_of: [...], or remove service_key`},
		{"creates without id", ops(`{route: POST /pages, any_of: [Page Write], target: {create: page, under: {site: body./id}}, creates: {name: /name}}`),
			`8: creates without id; add id: /result/... or the like`},
		{"deletes a list", ops(`{route: DELETE /sites, any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}, deletes: target}`),
			`8: DELETE /sites deletes its target, which is not one resource; write target: {TYPE: path.NAME}, or remove deletes`},
		{"deletes something else", ops(`{route: "DELETE /sites/{id}", any_of: [Site Read], target: {site: path.id}, deletes: page}`),
			`8: unknown deletes "page"; write deletes: target`},

		{"same route twice", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}}`, `{route: "GET /sites/{site_id}", any_of: [Site Read], target: {site: path.site_id}}`),
			`9: GET /sites/{site_id} can match the same request as GET /sites/{id} (8); remove one, or make one of them fixed in every segment where the other is`},
		{"routes that cross", ops(`{route: "GET /{kind}/all", any_of: [Site Read], target: {site: path.kind}}`, `{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}}`),
			`9: GET /sites/{id} can match the same request as GET /{kind}/all (8); remove one, or say what becomes of that request with a route "GET /sites/all", which may have access: nobody`},
		{"nobody and something else", ops(`{route: "GET /sites/{id}", access: nobody, target: {site: path.id}}`),
			`8: GET /sites/{id} is for nobody and has target; remove target`},
		{"nobody on a route of somebody", ops(`{route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}}`, `{route: "GET /sites/{any}", access: nobody}`),
			`9: GET /sites/{any} can match the same request as GET /sites/{id} (8); remove one, or make one of them fixed in every segment where the other is`},
		{"route of the control plane", head + "base: /client/v4\n" + `operations: [{route: "GET /user/tokens/{id}", any_of: [Site Read], target: {site: path.id}}]` + "\n",
			`8: GET /client/v4/user/tokens/{id} can match the same request as GET /client/v4/user/tokens/{token_id}, which is built in; choose another path, or another base`},

		{"route that takes from the control plane", head + "base: /client/v4\n" + `operations: [{route: "GET /accounts/all", any_of: [Site Read], target: {list: site}, items: {at: /result, id: /id}}]` + "\n",
			`8: GET /client/v4/accounts/all can match the same request as GET /client/v4/accounts/{account_id}, which is built in; choose another path, or another base`},

		{"readers of a write", head + tail + "readers: [{route: POST /user/tokens, any_of: [Site Read]}]\n",
			`8: readers of "POST /user/tokens", which is not a GET route of the control plane with permissions; see control.yaml for the routes`},
		{"readers of verify", head + tail + "readers: [{route: GET /user/tokens/verify, any_of: [Site Read]}]\n",
			`8: readers of "GET /user/tokens/verify", which is not a GET route of the control plane with permissions; see control.yaml for the routes`},
		{"readers of another type", head + tail + "readers: [{route: GET /accounts, any_of: [Page Write]}]\n",
			`8: permission group "Page Write" is for page, the target is account; name a group for account, or correct the target`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := catalog.Load("my.yaml", []byte(test.file))
			if c != nil || err == nil {
				t.Fatal("it loads")
			}
			if _, ok := errors.AsType[catalog.Problems](err); !ok {
				t.Fatalf("the error is a %T", err)
			}
			got := strings.ReplaceAll(err.Error(), "my.yaml:", "")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("got: %s", got)
			}
		})
	}
}

func TestSoundCatalogue(t *testing.T) {
	if _, err := catalog.Load("my.yaml", []byte(head+tail)); err != nil {
		t.Fatal(err)
	}
}
