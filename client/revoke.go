package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey/api"
)

// Revoke ends the secret, whosever it is: whoever holds a secret may end it. No credential is needed, and
// the answer does not say whether it was good for anything.
func (c *Client) Revoke(ctx context.Context, secret string) error {
	beside := c.beside()
	form := url.Values{"token": {secret}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, beside.base.String()+"/revoke", strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := beside.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var said struct {
		Why    string      `json:"error_description"`
		Errors []api.Error `json:"errors"`
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&said) // an answer of another form says nothing
	if len(said.Errors) > 0 {
		said.Why = said.Errors[0].Message
	}
	refused := &Error{Method: http.MethodPost, Path: "/revoke", Status: answer.StatusCode, Errors: []api.Error{{Message: said.Why}}}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		refused.RetryAfter = time.Duration(seconds) * time.Second
	}
	return refused
}
