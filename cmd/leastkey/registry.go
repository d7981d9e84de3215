package main

import (
	"context"
	"errors"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

// registry tells the control plane what requests through the gateway made and removed upstream.
type registry struct{ control *control.Control }

// Created implements gateway.Registry.
func (r registry) Created(ctx context.Context, v guard.Verdict, made leastkey.Resource, name string, parent leastkey.Resource) error {
	_, err := r.control.RegisterCreated(ctx, behind(v), made, name, parent)
	return err
}

// Deleted implements gateway.Registry.
func (r registry) Deleted(ctx context.Context, v guard.Verdict, gone leastkey.Resource) error {
	err := r.control.UnregisterDeleted(ctx, behind(v), gone)
	var refusal *control.Error
	if errors.As(err, &refusal) && refusal.Kind == control.NoSuch {
		return nil
	}
	return err
}

// Renamed implements gateway.Registry.
func (r registry) Renamed(ctx context.Context, v guard.Verdict, renamed leastkey.Resource, name string) error {
	return r.control.RenamedUpstream(ctx, behind(v), renamed, name)
}

// Moved implements gateway.Registry.
func (r registry) Moved(ctx context.Context, v guard.Verdict, moved, parent leastkey.Resource) error {
	return r.control.MovedUpstream(ctx, behind(v), moved, parent)
}

// behind is the caller whose request did it.
func behind(v guard.Verdict) control.Caller {
	return control.Caller{Credential: v.Credential.ID, Principal: v.Credential.Principal, Addr: v.Addr}
}
