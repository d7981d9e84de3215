package api

import "net/http"

// Write sends an answer. Answers are about credentials and permissions: no cache may keep one.
func Write[T any](w http.ResponseWriter, status int, answer Envelope[T]) {
	body, err := answer.MarshalJSON() // encoding/json would look through what it gives once more
	if err != nil {
		status = http.StatusInternalServerError
		body = []byte(`{"result":null,"success":false,"errors":[{"code":10002,"message":"internal error"}],"messages":[]}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client is gone: nobody is left to tell
}

// WriteErrors sends a failure. Without an error to name it is an internal one.
func WriteErrors(w http.ResponseWriter, status int, errs ...Error) {
	if len(errs) == 0 {
		status, errs = http.StatusInternalServerError, []Error{{Code: CodeInternal, Message: "internal error"}}
	}
	Write(w, status, Failed(errs[0], errs[1:]...))
}
