package api

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Envelope is the body of every answer. Its members are written in the order result, success,
// errors, messages, result_info. Make one with [OK], [Page] or [Failed]: an Envelope that
// neither succeeded nor has errors does not marshal.
type Envelope[T any] struct {
	Result     T           `json:"result"` // null on the wire unless Success
	Success    bool        `json:"success"`
	Errors     []Error     `json:"errors"`
	Messages   []Message   `json:"messages"`
	ResultInfo *ResultInfo `json:"result_info,omitempty"` // of a list
}

// OK is the answer to a request that succeeded.
func OK[T any](result T, messages ...Message) Envelope[T] {
	return Envelope[T]{Result: result, Success: true, Messages: messages}
}

// Page is one page of a list. An empty page is [] on the wire, never null: clients stop there.
func Page[T any](items []T, info ResultInfo) Envelope[[]T] {
	if items == nil {
		items = []T{}
	}
	info.Count = len(items)
	return Envelope[[]T]{Result: items, Success: true, ResultInfo: &info}
}

// Failed is the answer to a request that did not succeed. The first error is the one that most
// clients show.
func Failed(first Error, more ...Error) Envelope[any] {
	return Envelope[any]{Errors: append([]Error{first}, more...)}
}

// MarshalJSON writes the envelope with arrays that are never null, because clients iterate over
// them, and with a null result where the request failed.
func (e Envelope[T]) MarshalJSON() ([]byte, error) {
	wire := struct {
		Result     *T          `json:"result"`
		Success    bool        `json:"success"`
		Errors     []Error     `json:"errors"`
		Messages   []Message   `json:"messages"`
		ResultInfo *ResultInfo `json:"result_info,omitempty"`
	}{nil, e.Success, e.Errors, e.Messages, e.ResultInfo}
	switch {
	case e.Success && len(e.Errors) > 0:
		return nil, errors.New("api: an answer both succeeded and has errors")
	case !e.Success && len(e.Errors) == 0:
		return nil, errors.New("api: an answer failed and does not say why")
	case e.Success:
		wire.Result = &e.Result
	}
	if wire.Errors == nil {
		wire.Errors = []Error{}
	}
	if wire.Messages == nil {
		wire.Messages = []Message{}
	}
	return marshalPlain(wire)
}

// marshalPlain leaves <, > and & as they are: answers are JSON, not part of a page.
func marshalPlain(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Error is one reason why a request failed.
type Error struct {
	Code             int     `json:"code"`
	Message          string  `json:"message"`
	DocumentationURL string  `json:"documentation_url,omitempty"`
	Source           *Source `json:"source,omitempty"`
	ErrorChain       []Error `json:"error_chain,omitempty"`
}

// Source says where in the request the fault is.
type Source struct {
	Pointer string `json:"pointer"` // JSON pointer into the body, such as /policies/0/effect
}

// Message is something to tell about a request that succeeded.
type Message struct {
	Code    int     `json:"code"`
	Message string  `json:"message"`
	Type    *string `json:"type"` // null unless there is one
}

// ResultInfo says which part of a list this is.
type ResultInfo struct {
	Page       int `json:"page"` // from 1: the one that was asked for
	PerPage    int `json:"per_page"`
	TotalPages int `json:"total_pages"`
	Count      int `json:"count"` // items on this page
	TotalCount int `json:"total_count"`
}

// PageOf gives the ResultInfo of one page of a list of total items.
func PageOf(page, perPage, total int) ResultInfo {
	return ResultInfo{
		Page:       page,
		PerPage:    perPage,
		TotalPages: (total + perPage - 1) / perPage,
		Count:      max(0, min(perPage, total-(page-1)*perPage)),
		TotalCount: total,
	}
}
