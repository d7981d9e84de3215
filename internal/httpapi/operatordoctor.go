package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

// mostUnusedDays bounds what may be asked about: a hundred years.
const mostUnusedDays = 36_500

func (a *API) operatorDoctor(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	unused := control.DefaultUnused
	if text := r.URL.Query().Get("unused_days"); text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || days < 1 || days > mostUnusedDays {
			return answer{}, &api.FieldError{Pointer: "/unused_days", Message: "want a number of days from 1 to " + strconv.Itoa(mostUnusedDays)}
		}
		unused = time.Duration(days) * 24 * time.Hour
	}
	found, err := a.control.Doctor(ctx, control.Operator(), unused)
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.Concern, len(found))
	for i, c := range found {
		shown[i] = api.Concern{ID: c.ID, Name: c.Name, Owner: c.Owner, ExpiresOn: api.At(c.Validity.ExpiresOn), LastUsedOn: api.At(c.LastUsedOn)}
		for _, concern := range c.Concerns {
			shown[i].Concerns, shown[i].Words = append(shown[i].Concerns, string(concern)), append(shown[i].Words, concern.Words())
		}
	}
	return all(shown)
}
