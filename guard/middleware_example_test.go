package guard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

const library = `
namespace: com.example.library
resources:
  book: {}
permission_groups:
  - {id: 5b0d3c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Book Read, resource: book}
operations:
  - {route: "GET /books/{book}", any_of: [Book Read], target: {book: path.book}}
  - {route: "GET /books", any_of: [Book Read], target: {list: book}, items: {at: "", id: /id}}
`

// Put the guard in front of everything that the server does. What reaches a handler is allowed.
func ExampleGuard_Middleware() {
	w, token := exampleWorld() // in a server, the guard of a State that a Follower keeps
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books/{book}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "book %s, read by %s", r.PathValue("book"), r.Header.Get(guard.PrincipalHeader)[:4])
	})
	handler := w.Guard.Middleware(guard.MiddlewareOptions{})(mux)

	for _, path := range []string{"/books/1", "/books/2", "/books"} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, token.Request("GET", path, ""))
		fmt.Println(path, rec.Code, says(rec))
	}
	// Output:
	// /books/1 200 book 1, read by user
	// /books/2 403 Authentication error: needs Book Read on book 2
	// /books 501 This request cannot be decided here: where it passes, nothing can cut lists to what a credential may see. Send it through the gateway of Leastkey
}

// A handler that cuts its lists says so, and asks the verdict about each item.
func ExampleVerdictFrom() {
	w, token := exampleWorld()
	type book struct {
		ID string `json:"id"`
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdict, _ := guard.VerdictFrom(r.Context())
		books := slices.DeleteFunc([]book{{"1"}, {"2"}, {"3"}}, func(b book) bool {
			return !verdict.Sees(leastkey.Resource{Type: "book", ID: b.ID})
		})
		_ = json.NewEncoder(w).Encode(books)
	})
	handler := w.Guard.Middleware(guard.MiddlewareOptions{Can: guard.Lists})(list)

	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, token.Request("GET", "/books", ""))
	fmt.Println(rec.Code, says(rec))
	// Output:
	// 200 [{"id":"1"}]
}

// exampleWorld has books, and a token for the first.
func exampleWorld() (*leastkeytest.World, *leastkeytest.Credential) {
	t := standIn{}
	c, err := catalog.Load("library.yaml", []byte(library))
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	acme, ada := w.Account("acme"), w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	first := w.Resource("book", "1", acme.Resource())
	w.Resource("book", "2", acme.Resource())
	return w, w.Token(ada, leastkeytest.Allow("Book Read").On(leastkey.PatternOne(first)))
}

func says(rec *httptest.ResponseRecorder) string {
	var envelope struct{ Errors []struct{ Message string } }
	if json.Unmarshal(rec.Body.Bytes(), &envelope) == nil && len(envelope.Errors) > 0 {
		return envelope.Errors[0].Message
	}
	return strings.TrimSpace(rec.Body.String())
}

// standIn is a testing.TB where there is no test.
type standIn struct{ testing.TB }

func (standIn) Helper()                      {}
func (standIn) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (standIn) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
