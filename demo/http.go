package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	base     = "/client/v4"
	maxBody  = 4 << 20
	maxWork  = 30 * time.Second // for one request, from its body being read to its answer
	upstream = "Upstream-Key"
)

// request is what a handler sees of an HTTP request.
type request struct {
	*http.Request
	ids  map[string]string // by name in the route: zone_id, dns_record_id ...
	zone Zone              // of routes under a zone
	body []byte            // nil for GET
}

// reply is what a handler answers with: a result for the envelope, or text as it is.
type reply struct {
	result any
	info   *pageInfo
	text   string // BIND export
}

type envelope struct {
	Result     any         `json:"result"`
	Success    bool        `json:"success"`
	Errors     []wireError `json:"errors"`
	Messages   []any       `json:"messages"`
	ResultInfo *pageInfo   `json:"result_info,omitempty"`
}

type wireError struct {
	Code    int         `json:"code"`
	Message string      `json:"message"`
	Source  *wireSource `json:"source,omitempty"`
}

type wireSource struct {
	Pointer string `json:"pointer"`
}

// Handler answers the API under /client/v4. Every answer but the BIND export is the v4 envelope.
func (p *Product) Handler() http.Handler {
	table := compile(routes())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.fromGateway(r.Header) {
			p.refuse(w, r, &Fault{Status: http.StatusForbidden, Code: 9108,
				Message: "The Upstream-Key header is missing or wrong: this product answers only the gateway in front of it"})
			return
		}
		out, err := p.serve(w, r, table)
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		if out.text != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, out.text)
			return
		}
		p.write(w, r, http.StatusOK, envelope{Result: out.result, Success: true, Errors: []wireError{}, ResultInfo: out.info})
	})
}

// fromGateway compares hashes, so that neither content nor length of the key shows in the time taken.
func (p *Product) fromGateway(h http.Header) bool {
	sent := h.Values(upstream)
	if len(sent) != 1 {
		return false
	}
	sum := sha256.Sum256([]byte(sent[0]))
	return subtle.ConstantTimeCompare(sum[:], p.key[:]) == 1
}

func (p *Product) serve(w http.ResponseWriter, r *http.Request, table []compiled) (out reply, err error) {
	route, ids, err := find(table, r)
	if err != nil {
		return reply{}, err
	}
	q := &request{Request: r, ids: ids}
	reads := route.method == http.MethodGet
	if !reads {
		// The whole body first: a slow sender must not hold the one writer.
		if q.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			return reply{}, bodyFault(err)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWork)
	defer cancel()
	run := p.store.write
	if reads {
		run = p.store.read
	}
	err = run(ctx, func(t *tx) error {
		if id, ok := ids["zone_id"]; ok {
			zone, found, err := t.zoneBy("id", id)
			if err != nil {
				return err
			}
			if !found {
				return missing(1001, "Invalid zone identifier")
			}
			q.zone = zone
		}
		out, err = route.serve(t, q)
		return err
	})
	return out, err
}

func bodyFault(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &Fault{Status: http.StatusRequestEntityTooLarge, Code: 10413,
			Message: "The request body is larger than " + strconv.Itoa(maxBody) + " bytes"}
	}
	return bad(codeMalformed, "The request body could not be read to its end")
}

func (p *Product) refuse(w http.ResponseWriter, r *http.Request, err error) {
	fault := (*Fault)(nil)
	if !errors.As(err, &fault) {
		if r.Context().Err() == nil {
			p.log.Error("request failed", "method", r.Method, "path", r.URL.EscapedPath(), "error", err)
		}
		fault = &Fault{Status: http.StatusInternalServerError, Code: 10500, Message: "Internal error: nothing was changed; the cause is in the product's log"}
		if code := sqlite.ErrCode(err); code == sqlite.ResultBusy || code == sqlite.ResultInterrupt || errors.Is(err, context.DeadlineExceeded) {
			fault = &Fault{Status: http.StatusServiceUnavailable, Code: 10503, Message: "The database is busy: nothing was changed; try again"}
			w.Header().Set("Retry-After", "1")
		}
	}
	first := wireError{Code: fault.Code, Message: fault.Message}
	if fault.Pointer != "" {
		first.Source = &wireSource{fault.Pointer}
	}
	if outer, ok := strings.CutSuffix(err.Error(), fault.Error()); ok { // where it was, as wrapping errors said
		first.Message = outer + first.Message
	}
	list := []wireError{first}
	if fault.Code == codeCouldNotRoute {
		list = append(list, wireError{Code: codeNoRoute, Message: "No route for that URI"})
	}
	if fault.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", fault.allow)
	}
	p.write(w, r, fault.Status, envelope{Errors: list})
}

func (p *Product) write(w http.ResponseWriter, r *http.Request, status int, e envelope) {
	e.Messages = []any{}
	body, err := marshal(e)
	if err != nil {
		p.log.Error("answer could not be printed", "path", r.URL.EscapedPath(), "error", err)
		http.Error(w, `{"result":null,"success":false,"errors":[{"code":10500,"message":"Internal error"}],"messages":[]}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

// object reads the body as one JSON object.
func (q *request) object() (*form, error) {
	v, err := parseJSON(q.body)
	if err != nil {
		return nil, err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, bad(codeMalformed, "Malformed JSON in request body: it must be an object")
	}
	return &form{fields: fields}, nil
}

// objects reads the body as an array of objects, or one object, which counts as an array of one.
func (q *request) objects() ([]*form, error) {
	v, err := parseJSON(q.body)
	if err != nil {
		return nil, err
	}
	if one, ok := v.(map[string]any); ok {
		return []*form{{fields: one}}, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, bad(codeMalformed, "Malformed JSON in request body: it must be a non-empty array of objects")
	}
	var out []*form
	for i, item := range list {
		at := "/" + strconv.Itoa(i)
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, fieldFault(at, "this must be an object")
		}
		out = append(out, &form{at: at, fields: fields})
	}
	return out, nil
}

// optionalObject is object for requests whose body may be missing.
func (q *request) optionalObject() (*form, error) {
	if len(bytes.TrimSpace(q.body)) == 0 {
		return &form{}, nil
	}
	return q.object()
}
