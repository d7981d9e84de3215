// Command notes is an API such as many have: one key, which may do everything. It keeps notebooks
// and notes in memory, and stands here for an API of your own.
package main

import (
	"crypto/subtle"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

type notebook struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Owner string   `json:"owner"`
	Notes []string `json:"notes"`
}

type notes struct {
	key string

	mu    sync.Mutex
	next  int
	books []*notebook
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "host:port")
	flag.Parse()
	n := &notes{key: os.Getenv("NOTES_KEY"), next: 3, books: []*notebook{
		{ID: "nb-1", Title: "recipes", Notes: []string{"salt the water"}},
		{ID: "nb-2", Title: "diary", Notes: []string{"nobody must read this"}},
	}}
	if n.key == "" {
		log.Fatal("notes: set NOTES_KEY to the one key of this API")
	}
	server := http.Server{Addr: *listen, Handler: n.routes(), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("notes: listening on %s", *listen)
	log.Fatal(server.ListenAndServe())
}

func (n *notes) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/notebooks", n.list)
	mux.HandleFunc("POST /v1/notebooks", n.create)
	mux.HandleFunc("GET /v1/notebooks/{id}/notes", n.read)
	mux.HandleFunc("POST /v1/notebooks/{id}/notes", n.write)
	mux.HandleFunc("DELETE /v1/notebooks/{id}", n.remove)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(n.key)) != 1 {
			http.Error(w, "wrong key", http.StatusUnauthorized)
			return
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

func (n *notes) list(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"notebooks": n.books})
}

func (n *notes) create(w http.ResponseWriter, r *http.Request) {
	book := &notebook{}
	if err := json.NewDecoder(r.Body).Decode(book); err != nil || book.Title == "" {
		http.Error(w, "want a JSON object with a title", http.StatusBadRequest)
		return
	}
	book.ID = fmt.Sprintf("nb-%d", n.next)
	n.next++
	n.books = append(n.books, book)
	answer(w, book)
}

func (n *notes) read(w http.ResponseWriter, r *http.Request) {
	if book := n.find(w, r); book != nil {
		answer(w, map[string]any{"notes": book.Notes})
	}
}

func (n *notes) write(w http.ResponseWriter, r *http.Request) {
	var note struct {
		Text string `json:"text"`
	}
	if err := json.NewDecoder(r.Body).Decode(&note); err != nil || note.Text == "" {
		http.Error(w, "want a JSON object with a text", http.StatusBadRequest)
		return
	}
	if book := n.find(w, r); book != nil {
		book.Notes = append(book.Notes, note.Text)
		answer(w, map[string]any{"notes": book.Notes})
	}
}

func (n *notes) remove(w http.ResponseWriter, r *http.Request) {
	for i, book := range n.books {
		if book.ID == r.PathValue("id") {
			n.books = append(n.books[:i], n.books[i+1:]...)
			answer(w, map[string]any{"id": book.ID})
			return
		}
	}
	http.NotFound(w, r)
}

func (n *notes) find(w http.ResponseWriter, r *http.Request) *notebook {
	for _, book := range n.books {
		if book.ID == r.PathValue("id") {
			return book
		}
	}
	http.NotFound(w, r)
	return nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print("notes: ", err)
	}
}
