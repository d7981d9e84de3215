// Command middleware is an API in Go that decides its own requests: the guard stands in front of its
// handlers, and follows what a node of Leastkey knows. It keeps notebooks and notes in memory.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "host:port")
	node := flag.String("node", "http://127.0.0.1:8793", "the node to follow")
	bound := flag.Duration("bound", guard.DefaultBound, "how long to go on without news of it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *listen, *node, *bound)
	stop()
	if err != nil {
		log.Fatal("middleware: ", err)
	}
}

func run(ctx context.Context, listen, node string, bound time.Duration) error {
	follower, err := guard.NewFollower(guard.FollowConfig{
		URL: node, Key: os.Getenv("LEASTKEY_FEED_KEY"), Bound: bound, Now: time.Now, Log: slog.Default(),
	})
	if err != nil {
		return err
	}
	go follower.Run(ctx)

	g, err := guard.New(guard.Config{State: follower.State(), Brand: leastkey.DefaultBrand, Now: time.Now})
	if err != nil {
		return err
	}
	decided := g.Middleware(guard.MiddlewareOptions{Can: guard.Lists})

	server := http.Server{
		Addr: listen, Handler: decided(newNotes().routes()),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	log.Printf("middleware: listening on %s, following %s", listen, node)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type notebook struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Notes []string `json:"-"`
}

type notes struct {
	mu    sync.Mutex
	books []*notebook
}

func newNotes() *notes {
	return &notes{books: []*notebook{
		{ID: "nb-1", Title: "recipes", Notes: []string{"salt the water"}},
		{ID: "nb-2", Title: "diary", Notes: []string{"nobody must read this"}},
	}}
}

// routes has no route that asks who is there: what comes here was allowed.
func (n *notes) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/notebooks", n.list)
	mux.HandleFunc("GET /v1/notebooks/{id}/notes", n.read)
	mux.HandleFunc("POST /v1/notebooks/{id}/notes", n.write)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

// list shows what the token may see: the middleware was told that this handler does.
func (n *notes) list(w http.ResponseWriter, r *http.Request) {
	verdict, _ := guard.VerdictFrom(r.Context())
	seen := slices.DeleteFunc(slices.Clone(n.books), func(b *notebook) bool {
		return !verdict.Sees(leastkey.Resource{Type: "notebook", ID: b.ID})
	})
	answer(w, map[string]any{"notebooks": seen})
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
		book.Notes = append(book.Notes, note.Text+" ("+r.Header.Get(guard.PrincipalHeader)+")")
		answer(w, map[string]any{"notes": book.Notes})
	}
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
		log.Print("middleware: ", err)
	}
}
